/** What the compiled dashboard costs while nobody touches it. */
import type { Bench } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { corePercent, hasRows, openDashboard } from "./dashboard.ts"

/** By then most of what runs has been compiled by the engine. */
const WARM_UP_SECONDS = 20
const SECONDS = 25

async function idleAt(socketCount: number): Promise<number> {
  await using _ = await openCrowd(socketCount)
  await using dashboard = openDashboard(5)
  await dashboard.until(hasRows, 20_000)
  await Bun.sleep(WARM_UP_SECONDS * 1000)
  // Awaited here: what is answered unawaited would outlive the dashboard.
  return await corePercent(dashboard, SECONDS)
}

export const idle: Bench = {
  name: "idle",
  about: `share of one core of the compiled dashboard at 200x60 -r 5, over ${SECONDS} s after ${WARM_UP_SECONDS} s`,
  async measure() {
    return [
      { name: "at 1,000 sockets", figure: await idleAt(1_000), unit: "% of a core", target: 1 },
      { name: "at 100,000 sockets", figure: await idleAt(100_000), unit: "% of a core" },
    ]
  },
}
