import { conntrackStatistic, counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about:
    "Segments arrive that belong to no tracked connection, as on an asymmetric route, and the host answers resets.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    lab.sh("observed", "nft 'table inet lab { chain in { type filter hook input priority 0; ct state new accept; }; }'")
    lab.sh("observed", "echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose")
    await lab.run("observed", "lab-web", "serve", { port: 8080 })
  },
  fault: (lab) =>
    lab.run("peer", "lab-stray", "raw", {
      kind: "ack",
      source: lab.address("peer"),
      to: lab.address("observed"),
      port: 8080,
      perSecond: 40,
    }),
  proofs: [conntrackStatistic("invalid", { rises: 40 }), counter("Tcp.OutRsts", { rises: 40 })],
  expects: () => [{ id: "conntrack-invalid" }],
  mustNot: ["syn-flood", "conntrack-full"],
})
