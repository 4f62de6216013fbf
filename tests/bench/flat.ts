/** Does memory grow from look to look? In this process, without a terminal, so that 200 looks take half a minute. */
import { rest } from "../../src/shell/own-memory.ts"
import type { Bench } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { Watcher } from "./watcher.ts"

const LOOKS = 200
const COLLECT_EVERY = 20
/** By then every column has its size, every process is known and the code is compiled. */
const SETTLED = 40

export const flat: Bench = {
  name: "flat",
  about: "resident memory over 200 looks at 100,000 sockets, in process: the last 20 against looks 40 to 60",
  async measure() {
    await using _ = await openCrowd(100_000)
    using watcher = new Watcher("connections")
    const resident: number[] = []
    for (let look = 0; look < LOOKS; look++) {
      await watcher.look()
      // As the dashboard does after each look, and now and then.
      rest()
      if (look % COLLECT_EVERY === COLLECT_EVERY - 1) Bun.gc(true)
      resident.push(process.memoryUsage.rss() / 2 ** 20)
    }
    const mean = (from: number) => resident.slice(from, from + 20).reduce((sum, mb) => sum + mb, 0) / 20
    return [
      { name: "after 40 looks", figure: mean(SETTLED), unit: "MB" },
      { name: "after 180 looks", figure: mean(LOOKS - 20), unit: "MB" },
      { name: "growth", figure: mean(LOOKS - 20) / mean(SETTLED), unit: "x", target: 1.05 },
    ]
  },
}
