import { neighbourTableFulls } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const ROOM = 60

export default defineScenario({
  about: "A host talks to more addresses of its subnet than the machine's neighbour table holds.",
  kind: "incident",
  topology: pair,
  hostSettings: ["gc_thresh1", "gc_thresh2", "gc_thresh3"],
  async arrange(lab) {
    const entries = Number(/entries (\d+)/.exec(lab.sh("observed", "ip -s ntable show name arp_cache"))?.[1] ?? 0)
    await lab.setHostWide("gc_thresh1", String(entries))
    await lab.setHostWide("gc_thresh2", String(entries + ROOM / 2))
    await lab.setHostWide("gc_thresh3", String(entries + ROOM))
  },
  fault: (lab) =>
    lab.run("observed", "lab-discovery", "datagrams", {
      to: Array.from({ length: 200 }, (_, i) => `10.80.0.${50 + i}`),
      port: 9000,
      bytes: 20,
      perSecond: 200,
    }),
  proofs: [neighbourTableFulls({ rises: 50 })],
  expects: () => [{ id: "neighbour-table-overflow" }],
  mustNot: ["no-route"],
})
