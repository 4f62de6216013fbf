import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "SYNs from thousands of made-up addresses fill a listener's queue of half-open connections.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    lab.sh("observed", "echo 1 >/proc/sys/net/ipv4/tcp_syncookies")
    // The answers go back to where the flood comes from, and nobody there knows of them.
    lab.sh("observed", `ip route add 10.99.0.0/16 via ${lab.address("peer")}`)
    await lab.run("observed", "lab-web", "hold", { port: 8080, backlog: 64, accepts: true })
  },
  fault: (lab) =>
    lab.run("peer", "lab-flood", "raw", {
      kind: "syn",
      source: "10.99",
      to: lab.address("observed"),
      port: 8080,
      perSecond: 300,
    }),
  proofs: [counter("TcpExt.TCPReqQFullDoCookies", { rises: 200 })],
  expects: () => [{ id: "syn-flood", culprit: { port: 8080 } }],
  mustNot: ["accept-queue-overflow"],
})
