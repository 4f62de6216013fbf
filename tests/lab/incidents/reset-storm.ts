import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A service is gone, and its clients go on connecting to the closed port.",
  kind: "incident",
  topology: pair,
  fault: (lab) =>
    lab.run("peer", "lab-client", "connect", {
      to: lab.address("observed"),
      port: 8443,
      perSecond: 200,
      seconds: 40,
      ending: "close",
    }),
  proofs: [counter("Tcp.OutRsts", { rises: 200 })],
  expects: () => [{ id: "reset-storm" }],
  mustNot: ["syn-flood", "conntrack-invalid", "upstream-unreachable"],
  observer: { watch: { calmSeconds: 5, seconds: 25 } },
})
