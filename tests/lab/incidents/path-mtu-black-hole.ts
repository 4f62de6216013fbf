import { counter, infoField, tcpInfo } from "../support/proof.ts"
import { behindRouter, defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "A tunnel takes 1300 bytes, and the message that says so is filtered: handshakes work, full segments vanish.",
  kind: "incident",
  topology: behindRouter,
  async arrange(lab) {
    lab.sh("router", "ip link set lan1 mtu 1300")
    lab.sh(
      "router",
      "nft 'table inet lab { chain out { type filter hook output priority 0; meta l4proto icmp drop; }; }'",
    )
    await lab.run("peer", "lab-sink", "serve", { port: 9000 })
  },
  fault: (lab) =>
    lab.run("observed", "lab-upload", "send", {
      to: [lab.address("peer")],
      port: 9000,
      connections: 3,
      bytesPerSecond: 500_000,
    }),
  proofs: [
    counter("TcpExt.TCPTimeouts", { rises: 6 }),
    tcpInfo(
      "connections that repeat full segments in vain",
      "state established dport = :9000",
      { reaches: 3 },
      (line) => infoField(line, "backoff") >= 1 && infoField(line, "bytes_acked") <= 1,
    ),
  ],
  expects: (lab) => [{ id: "path-mtu-black-hole", culprit: { peer: lab.address("peer") } }],
  mustNot: ["path-loss", "mtu-mismatch", "half-open-peers"],
})
