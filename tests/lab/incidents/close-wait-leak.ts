import { sockets } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A program never closes what its clients have closed: more than half of its descriptors are in CLOSE_WAIT.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-leak", "hold", { port: 8080, accepts: true }, { openFiles: 200 }),
  fault: (lab) =>
    lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8080,
      perSecond: 200,
      count: 115,
      ending: "close",
      keepMs: 50,
      isWhole: true,
    }),
  proofs: [sockets("-tn state close-wait", { reaches: 115 })],
  expects: (lab) => [
    { id: "close-wait-leak", culprit: { process: "lab-leak", pid: lab.load("lab-leak").pid, port: 8080 } },
  ],
  mustNot: ["accept-queue-overflow", "reset-storm", "half-open-peers"],
})
