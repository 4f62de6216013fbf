import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "One peer tries three thousand ports one after the other.",
  kind: "incident",
  topology: pair,
  arrange: (lab) => lab.run("observed", "lab-web", "serve", { port: 8080 }),
  fault: (lab) =>
    lab.run("peer", "lab-scan", "connect", {
      to: lab.address("observed"),
      port: 6000,
      ports: 3000,
      perSecond: 250,
      seconds: 40,
      ending: "close",
    }),
  proofs: [counter("Tcp.OutRsts", { rises: 200 })],
  expects: () => [{ id: "reset-storm" }],
  mustNot: ["syn-flood", "connection-churn"],
  observer: { watch: { calmSeconds: 5, seconds: 25 } },
})
