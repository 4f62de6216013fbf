/** The most that the compiled dashboard ever had in memory, from its start on. */
import type { Bench } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { hasRows, openDashboard, peakMb } from "./dashboard.ts"

const SECONDS = 30

async function peakAt(socketCount: number): Promise<number> {
  await using _ = await openCrowd(socketCount)
  await using dashboard = openDashboard(1)
  await dashboard.until(hasRows, 20_000)
  await Bun.sleep(SECONDS * 1000)
  return peakMb(dashboard)
}

export const memory: Bench = {
  name: "memory",
  about: `peak of resident memory (VmHWM) of the compiled dashboard at 200x60, from exec through ${SECONDS} looks at -r 1`,
  async measure() {
    return [
      { name: "at 1,000 sockets", figure: await peakAt(1_000), unit: "MB", target: 75 },
      { name: "at 100,000 sockets", figure: await peakAt(100_000), unit: "MB", target: 130 },
    ]
  },
}
