import { reading } from "../support/proof.ts"
import { defineScenario, pair } from "../support/scenario.ts"

const SOCKETS = 40

export default defineScenario({
  about: "A program that does not read holds more TCP memory than the machine's pressure level.",
  kind: "incident",
  topology: pair,
  hostSettings: ["tcp_mem"],
  arrange: (lab) => lab.run("observed", "lab-stuck", "hold", { port: 9000, accepts: true, backlog: 512 }),
  async fault(lab) {
    await lab.run("peer", "lab-upload", "send", {
      to: [lab.address("observed")],
      port: 9000,
      connections: SOCKETS,
      bytesPerSecond: 1_000_000,
    })
    await Bun.sleep(2500)
    const pages = pagesOf(lab.read("observed", "/proc/net/sockstat"))
    const high = (await lab.readHostWide("tcp_mem")).split(" ")[2]
    // The upper level stays: below it nobody's connection is refused memory.
    await lab.setHostWide("tcp_mem", `${Math.round(pages * 0.4)} ${Math.round(pages * 0.6)} ${high}`)
    levels.pressure = Math.round(pages * 0.6)
  },
  proofs: [
    reading("pages of TCP memory above the pressure level", { reaches: 1 }, (lab) =>
      levels.pressure === 0 ? 0 : pagesOf(lab.read("observed", "/proc/net/sockstat")) - levels.pressure,
    ),
  ],
  expects: (lab) => [{ id: "tcp-memory-pressure", culprit: { process: "lab-stuck", pid: lab.load("lab-stuck").pid } }],
  // The reader is what fills the memory.
  tolerates: ["local-reads-slowly"],
  observer: { place: "machine" },
  mustNot: ["orphan-pressure", "socket-backlog-drops"],
})

const levels = { pressure: 0 }

function pagesOf(sockstat: string): number {
  return Number(/^TCP:.* mem (\d+)/m.exec(sockstat)?.[1] ?? 0)
}
