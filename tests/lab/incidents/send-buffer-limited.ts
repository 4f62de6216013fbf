import { infoShare, tcpInfo } from "../support/proof.ts"
import { behindRouter, defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "A program gave its socket a tiny send buffer, and the path is thirty milliseconds long.",
  kind: "incident",
  topology: behindRouter,
  async arrange(lab) {
    await lab.run("router", "lab-distance", "distance", { delayMs: 15 })
    await lab.run("peer", "lab-sink", "serve", { port: 9000 })
  },
  fault: (lab) =>
    lab.run("observed", "lab-export", "send-blocking", {
      to: lab.address("peer"),
      port: 9000,
      seconds: 60,
      // Only what is spread over time is counted as waiting for its buffer; a burst is gone before it waits.
      socket: { sendBuffer: 8192, maxPacingRate: 20_000_000 },
    }),
  proofs: [
    tcpInfo(
      "senders that wait for their own buffer, a third of their time",
      "state established dport = :9000",
      { reaches: 1 },
      (line) => infoShare(line, "sndbuf_limited") > 33,
    ),
  ],
  expects: (lab) => [
    { id: "send-buffer-limited", culprit: { process: "lab-export", peer: lab.address("peer"), peer_port: 9000 } },
  ],
  mustNot: ["path-loss", "peer-reads-slowly", "bufferbloat", "application-limited"],
})
