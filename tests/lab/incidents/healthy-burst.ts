import { counter } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "Three hundred clients come at once, and each takes away a hundred kilobytes.",
  kind: "healthy",
  topology: pair,
  shares: 2,
  arrange: (lab) => lab.run("observed", "lab-web", "serve", { port: 8080, answerBytes: 100_000 }),
  fault: (lab) => {
    const bursts = async () => {
      for (let i = 0; i < 8; i++) {
        await lab.run("peer", `lab-crowd-${i}`, "request", {
          to: lab.address("observed"),
          port: 8080,
          count: 300,
          perSecond: 1,
          isBurst: true,
        })
        await Bun.sleep(1500)
        await lab.end(`lab-crowd-${i}`)
      }
    }
    void bursts()
  },
  proofs: [counter("Tcp.PassiveOpens", { rises: 300 })],
})
