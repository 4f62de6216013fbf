/** What the compiled dashboard costs on a server with 1,000 connections while nobody touches it. */
import type { Bench } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { corePercent, hasRows, openDashboard, peakMb } from "./dashboard.ts"

/** By then most of what runs has been compiled by the engine. */
const WARM_UP_SECONDS = 60
const SECONDS = 25

export const idle: Bench = {
  name: "idle",
  about: `the compiled dashboard at 200x60 -r 5 and 1,000 sockets: ${SECONDS} s after ${WARM_UP_SECONDS} s`,
  async measure() {
    await using _ = await openCrowd(1_000)
    await using dashboard = openDashboard(5)
    await dashboard.until(hasRows, 20_000)
    await Bun.sleep(WARM_UP_SECONDS * 1000)
    const percent = await corePercent(dashboard, SECONDS)
    return [
      { name: "processor time of all threads", figure: percent, unit: "% of a core", target: 1 },
      { name: "peak of resident memory (VmHWM) since exec", figure: peakMb(dashboard), unit: "MB", target: 75 },
    ]
  },
}
