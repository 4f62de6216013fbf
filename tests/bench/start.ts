/** From exec to the first frame with rows on the emulated screen, and to the end of `-v`. */
import { builtBinary } from "../support/binary.ts"
import { type Bench, median, percentile, wallMs } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { hasRows, openDashboard } from "./dashboard.ts"

const STARTS = 15
const VERSIONS = 30

export const start: Bench = {
  name: "start",
  about: "the compiled program at 1,000 sockets: 15 starts of the dashboard at 200x60, 30 of -v",
  async measure() {
    await using _ = await openCrowd(1_000)
    const frames: number[] = []
    // One start more, which is not counted: it may be the first of all, with nothing of the file in memory.
    for (let i = -1; i < STARTS; i++) {
      const begin = performance.now()
      await using dashboard = openDashboard(5)
      await dashboard.until(hasRows, 20_000)
      if (i >= 0) frames.push(performance.now() - begin)
    }
    const versions: number[] = []
    for (let i = 0; i < VERSIONS; i++) {
      versions.push(await wallMs(() => void Bun.spawnSync([builtBinary(), "-v"], { stdout: "ignore" })))
    }
    return [
      { name: "first frame with rows, median", figure: median(frames), unit: "ms", target: 200 },
      { name: "first frame with rows, slowest", figure: Math.max(...frames), unit: "ms" },
      { name: "-v, median", figure: median(versions), unit: "ms", target: 15 },
      { name: "-v, p90", figure: percentile(versions, 0.9), unit: "ms" },
    ]
  },
}
