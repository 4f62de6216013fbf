import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Large transfers in both directions, as fast as fifty megabytes a second each.",
  kind: "healthy",
  topology: pair,
  shares: 3,
  async arrange(lab) {
    for (const [host, other] of [
      ["observed", "peer"],
      ["peer", "observed"],
    ] as const) {
      await lab.run(host, `lab-store-${host === "peer" ? 1 : 0}`, "serve", { port: 9000 })
      await lab.run(other, `lab-copy-${host === "peer" ? 1 : 0}`, "send", {
        to: [lab.address(host)],
        port: 9000,
        connections: 2,
        bytesPerSecond: 25_000_000,
      })
    }
  },
  proofs: [counter("IpExt.InOctets", { rises: 20_000_000 }), counter("IpExt.OutOctets", { rises: 20_000_000 })],
})
