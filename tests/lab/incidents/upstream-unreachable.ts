import { counter, sockets } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A program connects to a database whose host drops every SYN without a word.",
  kind: "incident",
  topology: pair,
  arrange: (lab) =>
    lab.sh("peer", "nft 'table inet lab { chain in { type filter hook input priority 0; tcp dport 5432 drop; }; }'"),
  fault: (lab) =>
    lab.run("observed", "lab-app", "connect", {
      to: lab.address("peer"),
      port: 5432,
      perSecond: 4,
      count: 30,
      ending: "keep",
    }),
  proofs: [sockets("-tn state syn-sent", { reaches: 8 }), counter("TcpExt.TCPSynRetrans", { rises: 6 })],
  expects: (lab) => [
    { id: "upstream-unreachable", culprit: { process: "lab-app", peer: lab.address("peer"), peer_port: 5432 } },
  ],
  mustNot: ["path-loss", "half-open-peers", "ephemeral-ports-exhausted", "no-route"],
})
