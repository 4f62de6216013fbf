import { counter } from "../support/proof.ts"
import { defineScenario } from "../support/scenario.ts"

export default defineScenario({
  about: "Four of sixteen packets take a slower path and are overtaken; nothing is lost.",
  kind: "incident",
  topology: {
    networks: [
      { hosts: ["observed", "peer"], isCut: true },
      { hosts: ["observed", "peer"], isCut: true },
    ],
  },
  async arrange(lab) {
    // What a connection learns of the path must not be kept for the next.
    lab.sh("observed", "echo 1 >/proc/sys/net/ipv4/tcp_no_metrics_save")
    await lab.run("peer", "lab-sink", "serve", { port: 9000 })
    await lab.run("observed", "lab-upload", "send", {
      to: [lab.address("peer")],
      port: 9000,
      connections: 2,
      bytesPerSecond: 250_000,
      burstsPerSecond: 10,
      renewMs: 400,
    })
  },
  fault: (lab) =>
    lab.sh(
      "observed",
      `tc qdisc add dev lan1 root tbf rate 2mbit burst 1600 limit 200000
       ip route add default via ${lab.address("peer", 1)} dev lan1 table 100
       ip rule add fwmark 1 table 100
       nft 'table inet lab { chain out { type route hook output priority 0;
         tcp dport 9000 numgen inc mod 16 < 4 meta mark set 1; }; }'`,
    ),
  proofs: [
    // Which of the two counts depends on whether the connection has time stamps.
    counter("TcpExt.TCPTSReorder", { rises: 20 }),
    counter("TcpExt.TCPDSACKRecv", { rises: 20 }),
  ],
  expects: (lab) => [{ id: "reordering", culprit: { peer: lab.address("peer") } }],
  mustNot: ["path-loss", "egress-queue-drops", "path-mtu-black-hole"],
})
