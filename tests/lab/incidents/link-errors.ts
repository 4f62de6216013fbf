import { figure } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

export default defineScenario({
  about: "A link goes down and up again twice a second.",
  kind: "incident",
  topology: pair,
  fault: (lab) => {
    void (async () => {
      for (let i = 0; i < 100; i++) {
        lab.sh("peer", `ip link set lan0 ${i % 2 === 0 ? "down" : "up"}`)
        await Bun.sleep(250)
      }
    })()
  },
  proofs: [figure("/sys/class/net/lan0/carrier_changes", { rises: 4 })],
  expects: () => [{ id: "link-errors", culprit: { interface: "lan0" } }],
  mustNot: ["interface-saturated", "no-route"],
})
