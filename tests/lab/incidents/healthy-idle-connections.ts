import { sockets } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const CONNECTIONS = 10_000

export default defineScenario({
  about: "Ten thousand clients are connected and say nothing, as on a server that pushes messages.",
  kind: "healthy",
  topology: pair,
  shares: 2,
  proofSeconds: 20,
  async arrange(lab) {
    const settings = { openFiles: 20_000 }
    await lab.run("observed", "lab-push", "hold", { port: 8080, backlog: 4096, accepts: true }, settings)
    await lab.run(
      "peer",
      "lab-clients",
      "connect",
      {
        to: lab.address("observed"),
        port: 8080,
        perSecond: 6000,
        count: CONNECTIONS,
        ending: "keep",
        isWhole: true,
      },
      settings,
    )
  },
  proofs: [sockets("-tn state established sport = :8080", { reaches: CONNECTIONS })],
})
