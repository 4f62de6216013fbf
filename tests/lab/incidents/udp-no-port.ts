import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Datagrams arrive for a port where no program is.",
  kind: "incident",
  topology: pair,
  fault: (lab) =>
    lab.run("peer", "lab-metrics", "datagrams", {
      to: [lab.address("observed")],
      port: 8125,
      bytes: 100,
      perSecond: 300,
    }),
  proofs: [counter("Udp.NoPorts", { rises: 200 })],
  expects: () => [{ id: "udp-no-port" }],
  mustNot: ["udp-receive-loss", "traffic-spike"],
})
