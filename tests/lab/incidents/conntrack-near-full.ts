import { figure } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const MAX = 1200
const FLOWS = 1050

export default defineScenario({
  about: "Established connections fill seven eighths of the table of tracked connections.",
  kind: "incident",
  topology: pair,
  hostSettings: ["nf_conntrack_max"],
  async arrange(lab) {
    lab.sh("observed", "nft 'table inet lab { chain in { type filter hook input priority 0; ct state new accept; }; }'")
    await lab.run("observed", "lab-db", "hold", { port: 5432, backlog: 512, accepts: true })
    await lab.setHostWide("nf_conntrack_max", String(MAX))
  },
  fault: (lab) =>
    lab.run("peer", "lab-pool", "connect", {
      to: lab.address("observed"),
      port: 5432,
      perSecond: 2000,
      count: FLOWS,
      ending: "keep",
      isWhole: true,
    }),
  proofs: [figure("/proc/sys/net/netfilter/nf_conntrack_count", { reaches: FLOWS })],
  expects: () => [{ id: "conntrack-near-full" }],
  mustNot: ["conntrack-full"],
})
