import { nftCounter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A rule of the host's own firewall drops what clients send to a service.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-web", "serve", { port: 8080 }),
  async fault(lab) {
    lab.sh(
      "observed",
      `nft 'table inet lab { counter dropped { }
        chain in { type filter hook input priority 0; tcp dport 8080 counter counter name dropped drop; }; }'`,
    )
    await lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8080,
      perSecond: 30,
      ending: "close",
      keepMs: 500,
    })
  },
  proofs: [nftCounter("dropped", { rises: 30 })],
  expects: () => [{ id: "firewall-drops" }],
  mustNot: ["accept-queue-overflow", "syn-flood", "upstream-unreachable"],
})
