import { counter } from "../support/proof.ts"
import { behindRouter, defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "One packet in ten takes a longer path and is overtaken; nothing is lost.",
  kind: "incident",
  topology: behindRouter,
  async arrange(lab) {
    // What a connection learns of the path must not be kept for the next.
    lab.sh("observed", "echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save")
    await lab.run("peer", "lab-sink", "serve", { port: 9000 })
  },
  async fault(lab) {
    await lab.run("router", "lab-distance", "distance", {
      delayMs: 5,
      late: { packets: 1, outOf: 10, moreMs: 40 },
    })
    await lab.run("observed", "lab-upload", "send", {
      to: [lab.address("peer")],
      port: 9000,
      connections: 3,
      bytesPerSecond: 250_000,
      renewMs: 1000,
    })
  },
  proofs: [counter("TcpExt.TCPDSACKRecv", { rises: 30 }), counter("Tcp.RetransSegs", { rises: 30 })],
  expects: (lab) => [{ id: "reordering", culprit: { peer: lab.address("peer") } }],
  mustNot: ["path-loss", "egress-queue-drops", "path-mtu-black-hole", "bufferbloat"],
})
