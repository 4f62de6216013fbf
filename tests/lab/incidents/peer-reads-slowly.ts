import { infoShare, tcpInfo } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "The far program stops reading: its window closes and the sender waits.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("peer", "lab-stuck", "hold", { port: 9000, accepts: true }),
  fault: (lab) =>
    lab.run("observed", "lab-upload", "send", {
      to: [lab.address("peer")],
      port: 9000,
      connections: 2,
      bytesPerSecond: 8_000_000,
    }),
  proofs: [
    tcpInfo(
      "senders that wait for the window, most of their time",
      "state established dport = :9000",
      { reaches: 2 },
      (line) => infoShare(line, "rwnd_limited") > 60,
    ),
  ],
  expects: (lab) => [{ id: "peer-reads-slowly", culprit: { process: "lab-upload", peer: lab.address("peer") } }],
  mustNot: ["path-loss", "half-open-peers", "send-buffer-limited", "local-reads-slowly"],
})
