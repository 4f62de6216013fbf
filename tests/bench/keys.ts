/**
 * How long a key takes to show its effect while 100,000 sockets are collected.
 *
 * Keys come at random moments, whatever the program does; one counts when the program was at work in the moment it was
 * pressed. Looks follow each other as fast as they can. The time ends when the emulated screen shows the effect, so it
 * holds the work of the program, of the terminal and of this emulation.
 */
import { type Bench, percentile } from "./bench.ts"
import { openCrowd } from "./crowd.ts"
import { type Dashboard, hasRows, isWorking, openDashboard } from "./dashboard.ts"

const KEYS = 320
const SETTLE_MS = 6_000
const ASK_EVERY_MS = 60

interface Key {
  readonly bytes: string
  /** The part of the screen that it changes, and nothing else does: the connections stand still. */
  readonly effect: (dashboard: Dashboard) => string
}

const lineAt = ({ screen }: Dashboard, y: number): string =>
  screen.buffer.active.getLine(y)?.translateToString(true) ?? ""
const HALF_SCREEN = 118
const table = (dashboard: Dashboard, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => lineAt(dashboard, from + i).slice(0, HALF_SCREEN)).join("\n")

const FIRST_ROW = 3
const LAST_ROW = 50

/** The line that the selection is on. */
function selectedLine(dashboard: Dashboard): number {
  for (let y = FIRST_ROW; y < LAST_ROW; y++) if (lineAt(dashboard, y).startsWith("│▌")) return y
  return -1
}

const selection = (dashboard: Dashboard) => String(selectedLine(dashboard))
const down: Key = { bytes: "\x1b[B", effect: selection }
const up: Key = { bytes: "\x1b[A", effect: selection }
const others: readonly Key[] = [
  { bytes: "o", effect: (at) => table(at, 0, 1).slice(0, 40) },
  { bytes: "g", effect: (at) => table(at, 1, 3) },
  { bytes: "B", effect: (at) => table(at, 1, 3) },
]

/** Every key that has an effect now; each arrow leads to a row that is on the screen. */
function keysOf(dashboard: Dashboard): readonly Key[] {
  const line = selectedLine(dashboard)
  const isNextShown = line + 1 < LAST_ROW && /^│ *\S.*│$/.test(table(dashboard, line + 1, line + 2))
  return [...(line > FIRST_ROW ? [up] : []), ...(isNextShown ? [down] : []), ...others]
}

export const keys: Bench = {
  name: "keys",
  about: `${KEYS} keys (arrows, o, g, B) at random moments of looks at 100,000 sockets, until the screen shows the effect`,
  async measure() {
    await using _ = await openCrowd(100_000)
    // Nothing looks by itself, so that every look is one that is asked for here.
    await using dashboard = openDashboard(300)
    await dashboard.until(hasRows, 20_000)
    await Bun.sleep(SETTLE_MS)
    const asking = setInterval(() => {
      if (!isWorking(dashboard)) dashboard.send("r")
    }, ASK_EVERY_MS)
    const times: number[] = []
    try {
      while (times.length < KEYS) {
        await Bun.sleep(30 + Math.random() * 120)
        await dashboard.text()
        const choice = keysOf(dashboard)
        const ms = await press(dashboard, choice[Math.floor(Math.random() * choice.length)]!)
        if (ms !== undefined) times.push(ms)
      }
    } finally {
      clearInterval(asking)
    }
    return [
      {
        name: "key pressed during a look until its effect is seen, p50",
        figure: percentile(times, 0.5),
        unit: "ms",
        target: 50,
      },
      { name: "key pressed during a look until its effect is seen, p90", figure: percentile(times, 0.9), unit: "ms" },
      {
        name: "key pressed during a look until its effect is seen, p99",
        figure: percentile(times, 0.99),
        unit: "ms",
        target: 50,
      },
      { name: "the slowest", figure: Math.max(...times), unit: "ms" },
    ]
  },
}

/** Milliseconds until the effect is seen; nothing when the program rested as the key was pressed. */
async function press(dashboard: Dashboard, { bytes, effect }: Key): Promise<number | undefined> {
  const before = effect(dashboard)
  const counts = isWorking(dashboard)
  const start = performance.now()
  dashboard.send(bytes)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise<void>((drawn) => dashboard.screen.write("", drawn))
    const ms = performance.now() - start
    if (effect(dashboard) !== before) return counts ? ms : undefined
    if (ms > 5_000) throw new Error(`a key had no effect:\n${await dashboard.text()}`)
  }
}
