import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A client without a pool opens and closes over a thousand connections a second.",
  kind: "incident",
  topology: pair,
  shares: 3,
  async arrange(lab) {
    lab.sh("peer", 'echo "2000 65000" >/proc/sys/net/ipv4/ip_local_port_range')
    await lab.run("observed", "lab-cache", "serve", { port: 6379 })
  },
  fault: (lab) =>
    lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 6379,
      perSecond: 1500,
      seconds: 25,
      ending: "close",
      keepMs: 0,
    }),
  proofs: [counter("Tcp.PassiveOpens", { rises: 1500 })],
  expects: (lab) => [
    { id: "connection-churn", culprit: { process: "lab-cache", pid: lab.load("lab-cache").pid, port: 6379 } },
  ],
  mustNot: ["syn-flood", "time-wait-pileup", "ephemeral-ports-exhausted"],
})
