import { softnetDropped } from "../support/proof.ts"
import { cutPair, defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "Packets arrive in bursts longer than the queue between device and protocols.",
  kind: "incident",
  topology: cutPair,
  hostSettings: ["netdev_max_backlog"],
  async arrange(lab) {
    await lab.run("observed", "lab-metrics", "hold-datagrams", { port: 8125, reads: true })
    // Long enough for what others do on this machine, and shorter than our bursts.
    await lab.setHostWide("netdev_max_backlog", "24")
  },
  fault: (lab) =>
    lab.run("peer", "lab-burst", "datagrams", {
      to: [lab.address("observed")],
      port: 8125,
      bytes: 200,
      segments: 60,
      perSecond: 25,
    }),
  proofs: [softnetDropped({ rises: 200 })],
  expects: () => [{ id: "softnet-drops" }],
  // Linux counts the same packets on the device that they came in by.
  tolerates: ["nic-receive-loss"],
  mustNot: ["udp-receive-loss"],
})
