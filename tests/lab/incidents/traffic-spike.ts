import { counter } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "After a calm time one peer sends four thousand packets a second.",
  kind: "incident",
  topology: { networks: [{ hosts: ["observed", "calm", "loud"] }] },
  shares: 2,
  async arrange(lab) {
    await lab.run("observed", "lab-metrics", "hold-datagrams", { port: 8125, reads: true, receiveBuffer: 4_000_000 })
    const usual = { to: [lab.address("observed")], port: 8125, bytes: 100, seconds: 100 }
    await lab.run("calm", "lab-usual", "datagrams", { ...usual, perSecond: 20 })
  },
  fault: (lab) =>
    lab.run("loud", "lab-loud", "datagrams", {
      to: [lab.address("observed")],
      port: 8125,
      bytes: 100,
      perSecond: 4000,
      seconds: 30,
    }),
  proofs: [counter("Udp.InDatagrams", { rises: 8000 })],
  expects: () => [{ id: "traffic-spike" }],
  mustNot: ["syn-flood", "udp-receive-loss", "interface-saturated"],
  observer: { watch: { calmSeconds: 15, seconds: 25 } },
})
