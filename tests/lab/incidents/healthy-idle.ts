import { sockets } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A server that waits, and a client that is connected and says nothing.",
  kind: "healthy",
  topology: pair,
  async arrange(lab) {
    await lab.run("observed", "lab-web", "serve", { port: 8080 })
    await lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8080,
      perSecond: 10,
      count: 1,
      ending: "keep",
      isWhole: true,
    })
  },
  proofs: [sockets("-tn state established sport = :8080", { reaches: 1 })],
})
