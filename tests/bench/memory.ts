/** The compiled dashboard on a server with 100,000 connections: memory from its start on, and processor time. */
import type { Bench } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { corePercent, hasRows, openDashboard, peakMb } from "./dashboard.ts"

/** By then every process is known. */
const WARM_UP_SECONDS = 10
const SECONDS = 25

export const memory: Bench = {
  name: "memory",
  about: `the compiled dashboard at 200x60 -r 1 and 100,000 sockets, from exec through ${WARM_UP_SECONDS + SECONDS} looks`,
  async measure() {
    await using _ = await openCrowd(100_000)
    await using dashboard = openDashboard(1)
    await dashboard.until(hasRows, 20_000)
    await Bun.sleep(WARM_UP_SECONDS * 1000)
    const percent = await corePercent(dashboard, SECONDS)
    return [
      { name: "peak of resident memory (VmHWM)", figure: peakMb(dashboard), unit: "MB", target: 130 },
      { name: "a look a second", figure: percent, unit: "% of a core" },
    ]
  },
}
