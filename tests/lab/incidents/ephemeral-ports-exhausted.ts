import { sockets } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const PORTS = 200

export default defineScenario({
  about: "All local ports of a narrow range are taken by connections to one destination.",
  kind: "incident",
  topology: pair,
  async arrange(lab) {
    lab.sh("observed", `echo "40000 ${40_000 + PORTS - 1}" >/proc/sys/net/ipv4/ip_local_port_range`)
    await lab.run("peer", "lab-db", "hold", { port: 5432, backlog: 512, accepts: true })
  },
  fault: (lab) =>
    lab.run("observed", "lab-pool", "connect", {
      to: lab.address("peer"),
      port: 5432,
      perSecond: 150,
      ending: "keep",
    }),
  proofs: [sockets("-tn state established dport = :5432", { reaches: PORTS })],
  expects: (lab) => [
    {
      id: "ephemeral-ports-exhausted",
      culprit: { process: "lab-pool", peer: lab.address("peer"), peer_port: 5432 },
    },
  ],
  mustNot: ["upstream-unreachable", "descriptor-limit"],
})
