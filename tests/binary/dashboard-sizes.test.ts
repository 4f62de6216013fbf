/** Windows of every size, while it runs: the last one counts, and it is drawn whole. */
import { beforeAll, expect, test } from "bun:test"
import { builtBinary } from "../support/binary.ts"
import { gather } from "../support/crowd.ts"
import { expectGivenBack, hasLooked, openDashboard } from "../support/dashboard.ts"
import { openPty, type Pty } from "../support/pty.ts"

beforeAll(() => {
  builtBinary()
}, 60_000)

const sizes = [
  [1, 1],
  [500, 200],
  [2, 2],
  [60, 15],
  [3, 3],
  [80, 24],
  [5, 1],
  [200, 60],
  [1, 30],
  [59, 15],
  [100, 30],
  [60, 14],
  [99, 29],
  [500, 1],
  [160, 50],
  [1, 200],
  [120, 40],
].map(([cols, rows]) => ({ cols: cols!, rows: rows! }))

const isTooSmall = ({ cols, rows }: { cols: number; rows: number }) => cols < 60 || rows < 15

/** The frame reaches into every corner of the screen, and nothing of another size is left. */
function isWhole(text: string, { cols, rows }: { cols: number; rows: number }): boolean {
  const lines = text.split("\n")
  if (isTooSmall({ cols, rows })) {
    const sentence = [`${cols}x${rows} is too small`, "holyf-network needs 60x15", "Ctrl+C quits"]
    return lines.every((each, y) => isCutOf(each.trimEnd(), sentence[y] ?? "", cols))
  }
  // Panels begin below the one-line strips of a narrow window.
  const top = lines.findIndex((each) => each.startsWith("┌"))
  const frame = lines.slice(top, -1)
  return (
    lines.length === rows &&
    top === (cols < 100 ? 2 : 0) &&
    frame.every((each) => each.length === cols && /[┐│┘]$/.test(each) && /^[┌│└]/.test(each)) &&
    frame.at(-1)!.startsWith("└") &&
    hasLooked(text)
  )
}

const isCutOf = (shown: string, whole: string, cols: number) =>
  shown === whole || (shown.length <= cols && shown.endsWith("…") && whole.startsWith(shown.slice(0, -1)))

const untilWhole = (pty: Pty, size: { cols: number; rows: number }) =>
  pty
    .until((text) => isWhole(text, size))
    .catch((error: Error) => {
      throw new Error(`${size.cols}x${size.rows}: ${error.message}`)
    })

test("each size is drawn whole when the window stays at it", async () => {
  using _crowd = await gather(5)
  await using pty = await openDashboard(["-r", "1"])
  for (const size of sizes) {
    pty.resize(size)
    await untilWhole(pty, size)
  }
  pty.send("q")
  expect(await pty.child.exited).toBe(0)
  await expectGivenBack(pty)
}, 20_000)

test("a window that is dragged ends at its last size", async () => {
  using _crowd = await gather(5)
  await using pty = await openDashboard(["-r", "1"])
  for (const last of [
    { cols: 130, rows: 33 },
    { cols: 60, rows: 15 },
  ]) {
    for (const size of sizes) {
      pty.resize(size)
      await Bun.sleep(3)
    }
    pty.resize(last)
    await untilWhole(pty, last)
  }
  expect(pty.child.exitCode).toBeNull()
}, 20_000)

test.each(sizes)("opens in a window of $cols x $rows", async (size) => {
  await using pty = openPty([builtBinary(), "-i", "lo"], size)
  await untilWhole(pty, size)
  pty.send("\x03")
  expect(await pty.child.exited).toBe(0)
})

test("an overlay and a selection outlive a window too small for them", async () => {
  using crowd = await gather(30)
  await using pty = await openDashboard(["-r", "300"], { cols: 120, rows: 40 })
  pty.send(`f${crowd.port}\r`)
  await pty.until((text) => text.includes("of 30 "))
  pty.send("\x1b[F?")
  await pty.until((text) => text.includes("─ Keys ─"))
  pty.resize({ cols: 3, rows: 2 })
  await untilWhole(pty, { cols: 3, rows: 2 })
  pty.resize({ cols: 80, rows: 24 })
  await pty.until((text) => text.includes("─ Keys ─"))
  pty.send("\x1b")
  const row = (text: string) => text.split("\n").find((each) => each.startsWith("│▌"))
  await pty.until((text) => row(text)?.includes(`127.0.0.1:${crowd.peerPorts.at(-1)} `) === true)
})
