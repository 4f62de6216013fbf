import { sockets } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Two thousand connections in TIME_WAIT on the side that closed first; that is what TIME_WAIT is for.",
  kind: "healthy",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-web", "serve", { port: 8080, answerBytes: 200 }),
  fault: (lab) =>
    lab.run("peer", "lab-client", "request", {
      to: lab.address("observed"),
      port: 8080,
      count: 2000,
      perSecond: 600,
      isWhole: true,
    }),
  proofs: [sockets("-tn state time-wait", { reaches: 1500 })],
})
