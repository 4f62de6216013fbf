import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A server does not call accept, and clients keep coming.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-api", "hold", { port: 8080, backlog: 4, accepts: false }),
  fault: (lab) =>
    lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8080,
      perSecond: 20,
      ending: "keep",
    }),
  proofs: [counter("TcpExt.ListenOverflows", { rises: 20 })],
  expects: (lab) => [
    { id: "accept-queue-overflow", culprit: { process: "lab-api", pid: lab.load("lab-api").pid, port: 8080 } },
  ],
  mustNot: ["syn-flood", "path-loss", "upstream-unreachable"],
})
