import { nftCounter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Questions to the resolver get no answer.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    // Tracking is on, as on most hosts: there an unanswered question is an entry without a reply.
    lab.sh(
      "observed",
      "nft 'table inet lab { chain out { type filter hook output priority 0; ct state new accept; }; }'",
    )
    lab.sh(
      "peer",
      `nft 'table inet lab { counter asked { }
        chain in { type filter hook input priority 0; udp dport 53 counter name asked drop; }; }'`,
    )
  },
  fault: (lab) =>
    lab.run("observed", "lab-app", "datagrams", {
      to: [lab.address("peer")],
      port: 53,
      bytes: 0,
      perSecond: 15,
      freshMs: 5000,
      isQuestion: true,
    }),
  proofs: [nftCounter("asked", { rises: 30 }, "peer")],
  expects: (lab) => [{ id: "dns-failing", culprit: { peer: lab.address("peer"), peer_port: 53 } }],
  mustNot: ["upstream-unreachable", "udp-no-port", "conntrack-near-full"],
})
