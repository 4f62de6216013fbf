import { openFiles } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A program has used up its descriptors and can accept no more.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-proxy", "hold", { port: 8080, accepts: true }, { openFiles: 120 }),
  fault: (lab) =>
    lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8080,
      perSecond: 200,
      count: 160,
      ending: "keep",
      isWhole: true,
    }),
  proofs: [openFiles("lab-proxy", { reaches: 119 })],
  expects: (lab) => [{ id: "descriptor-limit", culprit: { process: "lab-proxy", pid: lab.load("lab-proxy").pid } }],
  mustNot: ["close-wait-leak", "ephemeral-ports-exhausted"],
})
