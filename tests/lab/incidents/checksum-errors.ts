import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Segments and datagrams arrive damaged.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    await lab.run("observed", "lab-web", "serve", { port: 8080 })
    await lab.run("observed", "lab-metrics", "hold-datagrams", { port: 8125, reads: true })
  },
  async fault(lab) {
    const damaged = { source: lab.address("peer"), to: lab.address("observed"), perSecond: 30 }
    await lab.run("peer", "lab-bad-tcp", "raw", { ...damaged, kind: "tcp-bad-checksum", port: 8080 })
    await lab.run("peer", "lab-bad-udp", "raw", { ...damaged, kind: "udp-bad-checksum", port: 8125 })
  },
  proofs: [counter("Tcp.InCsumErrors", { rises: 30 }), counter("Udp.InCsumErrors", { rises: 30 })],
  expects: () => [{ id: "checksum-errors" }],
  mustNot: ["udp-receive-loss", "path-loss", "syn-flood"],
})
