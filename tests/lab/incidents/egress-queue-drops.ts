import { queueDrops } from "../support/proof.ts"
import { cutPair, defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "A program sends more than the host's own queue lets out, and the queue drops the rest.",
  kind: "incident",
  topology: cutPair,
  async arrange(lab) {
    await lab.run("peer", "lab-sink", "hold-datagrams", { port: 9000, reads: true })
    lab.sh("observed", "tc qdisc add dev lan0 root tbf rate 2mbit burst 3000 limit 9000")
  },
  fault: (lab) =>
    lab.run("observed", "lab-video", "datagrams", {
      to: [lab.address("peer")],
      port: 9000,
      bytes: 1000,
      perSecond: 500,
    }),
  proofs: [queueDrops("lan0", { rises: 100 })],
  expects: () => [{ id: "egress-queue-drops", culprit: { interface: "lan0" } }],
  mustNot: ["interface-saturated", "link-errors", "path-loss"],
})
