import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "More connections in TIME_WAIT than the host allows itself: the kernel drops the rest.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    lab.sh("observed", "echo 40 >/proc/sys/net/ipv4/tcp_max_tw_buckets")
    await lab.run("observed", "lab-web", "serve", { port: 8080, answerBytes: 200 })
  },
  fault: (lab) =>
    lab.run("peer", "lab-client", "request", { to: lab.address("observed"), port: 8080, perSecond: 60, count: 3000 }),
  proofs: [counter("TcpExt.TCPTimeWaitOverflow", { rises: 40 })],
  expects: () => [{ id: "time-wait-pileup" }],
  mustNot: ["ephemeral-ports-exhausted", "connection-churn", "reset-storm"],
})
