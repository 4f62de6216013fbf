import { conntrackStatistic, figure } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const MAX = 600

export default defineScenario({
  about: "The table of tracked connections is full of established ones, and new connections are dropped.",
  kind: "incident",
  topology: pair,
  hostSettings: ["nf_conntrack_max"],
  async arrange(lab) {
    lab.sh("observed", "nft 'table inet lab { chain in { type filter hook input priority 0; ct state new accept; }; }'")
    await lab.run("observed", "lab-db", "hold", { port: 5432, backlog: 512, accepts: true })
    await lab.setHostWide("nf_conntrack_max", String(MAX))
    const load = { to: lab.address("observed"), port: 5432, perSecond: 2000, ending: "keep", isWhole: true } as const
    await lab.run("peer", "lab-pool", "connect", { ...load, count: MAX })
  },
  fault: (lab) =>
    lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 5432,
      perSecond: 40,
      ending: "close",
      keepMs: 500,
    }),
  proofs: [
    figure("/proc/sys/net/netfilter/nf_conntrack_count", { reaches: MAX - 5 }),
    conntrackStatistic("drop", { rises: 20 }),
  ],
  expects: () => [{ id: "conntrack-full" }],
  // It is that as well, and an operator who reads both is not misled.
  tolerates: ["conntrack-near-full"],
})
