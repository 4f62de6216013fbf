import { counter } from "../support/proof.ts"
import { behindRouter, defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "The default route is removed under a program that sends beyond it.",
  kind: "incident",
  topology: behindRouter,
  async arrange(lab) {
    await lab.run("peer", "lab-sink", "hold-datagrams", { port: 9000, reads: true })
    await lab.run("observed", "lab-agent", "datagrams", {
      to: [lab.address("peer")],
      port: 9000,
      bytes: 100,
      perSecond: 50,
    })
  },
  fault: (lab) => lab.sh("observed", "ip route del default"),
  proofs: [counter("Ip.OutNoRoutes", { rises: 50 })],
  expects: () => [{ id: "no-route" }],
  mustNot: ["upstream-unreachable", "udp-no-port"],
})
