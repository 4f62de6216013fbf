import { sockstat } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const ORPHANS = 120

export default defineScenario({
  about: "A program closed connections that peers do not read: a third of the orphans that the machine allows.",
  kind: "incident",
  topology: pair,
  hostSettings: ["tcp_max_orphans"],
  arrange: (lab) =>
    lab.run("peer", "lab-stuck", "hold", { port: 9000, accepts: true, backlog: 512, socket: { receiveBuffer: 4096 } }),
  async fault(lab) {
    await lab.run("observed", "lab-hasty", "abandon", { to: lab.address("peer"), port: 9000, count: ORPHANS })
    const orphans = Number(/orphan (\d+)/.exec(lab.read("observed", "/proc/net/sockstat"))?.[1] ?? 0)
    await lab.setHostWide("tcp_max_orphans", String(Math.round(orphans * 2.8)))
  },
  proofs: [sockstat("TCP orphan", { reaches: ORPHANS })],
  observer: { place: "machine" },
  expects: (lab) => [{ id: "orphan-pressure", culprit: { peer: lab.address("peer") } }],
  // The peer lives on the same machine here, and really does not read.
  tolerates: ["local-reads-slowly"],
  mustNot: ["tcp-memory-pressure", "close-wait-leak"],
})
