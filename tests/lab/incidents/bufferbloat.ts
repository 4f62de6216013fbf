import { infoField, tcpInfo } from "../support/proof.ts"
import { behindRouter, defineScenario } from "../support/scenario.ts"

const FLOWS = 6
const rttMs = (line: string) => Number(/\brtt:(\d+(?:\.\d+)?)\//.exec(line)?.[1] ?? 0)

export default defineScenario({
  about: "A router with a slow line and a long queue: six uploads wait in it, none loses a packet.",
  kind: "incident",
  topology: behindRouter,
  async arrange(lab) {
    lab.sh("router", "tc qdisc add dev lan1 root tbf rate 8mbit burst 3000 limit 4000000")
    // The window is held where the queue stays below its limit, or the end would be loss.
    lab.sh("observed", `ip route add ${lab.address("peer")} via ${lab.address("router")} cwnd lock 60`)
    await lab.run("peer", "lab-sink", "serve", { port: 9000 })
    // The route's limit holds for a destination that the kernel has spoken with before.
    const first = { to: lab.address("peer"), port: 9000, perSecond: 1, count: 1, ending: "close" } as const
    await lab.run("observed", "lab-first", "connect", { ...first, keepMs: 200, isWhole: true })
  },
  fault: (lab) =>
    lab.run("observed", "lab-backup", "send", {
      to: [lab.address("peer")],
      port: 9000,
      connections: FLOWS,
      bytesPerSecond: 2_000_000,
    }),
  proofs: [
    tcpInfo(
      "flows whose rtt is over 100 ms and ten times its least",
      "state established dst 10.80.1.0/24",
      { reaches: FLOWS },
      (line) => rttMs(line) > 100 && rttMs(line) > 10 * infoField(line, "minrtt") && infoField(line, "cwnd") <= 60,
    ),
  ],
  expects: () => [{ id: "bufferbloat", culprit: { interface: "lan0" } }],
  mustNot: ["path-loss", "egress-queue-drops", "peer-reads-slowly", "send-buffer-limited"],
})
