import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Two thousand short requests, each on a connection of its own, some hundreds a second.",
  kind: "healthy",
  topology: pair,
  shares: 2,
  arrange: (lab) => lab.run("observed", "lab-web", "serve", { port: 8080, answerBytes: 4000 }),
  fault: (lab) =>
    lab.run("peer", "lab-client", "request", { to: lab.address("observed"), port: 8080, count: 2000, perSecond: 350 }),
  proofs: [counter("Tcp.PassiveOpens", { rises: 100 })],
})
