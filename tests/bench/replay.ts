/**
 * The compiled replay in a real terminal of 200x60 over a third of a gigabyte of history, in the page cache.
 *
 * A time ends when the emulated screen shows the effect, so it holds the work of the program, of the terminal and of this
 * emulation.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { builtBinary } from "../support/binary.ts"
import { openPty } from "../support/pty.ts"
import { type BenchRow, median, percentile, wallMs } from "./bench.ts"
import { corePercent, type Dashboard, peakMb } from "./dashboard.ts"
import { createLines, LAST_DAY, SNAPSHOTS, writeCompressedDays, writeDay } from "./history-day.ts"

const STARTS = 5
const STEPS = 40
const DAYS = 30
const TAIL_SECONDS = 30
const ROWS = 60
const STATUS = ROWS - 1
/** The first line inside the timeline. */
const HEADER = ROWS - 9
/** The first line of what was found: the list is as high as its 22 lines, in the middle. */
const FIRST_HIT = 21
const MB = 1 << 20

const env = { TZ: "UTC" }
const open = (...args: string[]): Dashboard =>
  openPty([builtBinary(), "replay", ...args], { cols: 200, rows: ROWS, env })

/** What stands in the status bar: which snapshot is shown. */
const RAW = /Raw (\d[\d,]*)\//
const hasRecord = (text: string): boolean => RAW.test(text) && /▌10\./.test(text)

export async function measureReplay(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "holyf-bench-"))
  try {
    const day = join(folder, "day")
    const path = writeDay(day)
    // Read once, so that it is in the page cache.
    readFileSync(path)
    return [
      { name: "the day", figure: statSync(path).size / MB, unit: "MB" },
      ...(await measureStart(day)),
      ...(await measureKeys(day)),
      ...(await measureTail(day, path)),
      ...(await measureDays(join(folder, "days"))),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds until the screen is as wanted. */
async function until(screen: Dashboard, isSeen: (text: string) => boolean, timeoutMs = 20_000): Promise<number> {
  const start = performance.now()
  for (;;) {
    if (isSeen(await screen.text())) return performance.now() - start
    if (performance.now() - start > timeoutMs) throw new Error(`not seen:\n${await screen.text()}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** One line of the screen: to read them all takes longer than what is measured. */
async function untilLine(screen: Dashboard, y: number, isSeen: (text: string) => boolean): Promise<number> {
  const start = performance.now()
  for (;;) {
    await new Promise<void>((drawn) => screen.screen.write("", drawn))
    const ms = performance.now() - start
    if (isSeen(lineOf(screen, y))) return ms
    if (ms > 20_000) throw new Error(`not seen:\n${await screen.text()}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const lineOf = ({ screen }: Dashboard, y: number): string =>
  screen.buffer.active.getLine(y)?.translateToString(true) ?? ""

async function firstFrame(...args: string[]): Promise<number> {
  const begin = performance.now()
  await using screen = open(...args)
  await until(screen, hasRecord)
  return performance.now() - begin
}

const whole = ["-b", "2026-03-08", "-e", "2026-03-08"]

async function measureStart(day: string): Promise<readonly BenchRow[]> {
  const cold: number[] = []
  const warm: number[] = []
  await firstFrame("--data-dir", day, ...whole)
  for (let i = 0; i < STARTS; i++) {
    rmSync(join(day, "connections-20260308.jsonl.lines"), { force: true })
    cold.push(await firstFrame("--data-dir", day, ...whole))
    // Lets it write its index.
    await using screen = open("--data-dir", day, ...whole)
    await until(screen, (text) => /Raw 1\/2,840/.test(text) && !/reading/.test(text))
    await Bun.sleep(200)
  }
  for (let i = 0; i < STARTS; i++) warm.push(await firstFrame("--data-dir", day, ...whole))
  return [
    { name: "first frame with rows, without an index, median", figure: median(cold), unit: "ms", target: 300 },
    { name: "first frame with rows, with its index, median", figure: median(warm), unit: "ms", target: 120 },
  ]
}

async function measureKeys(day: string): Promise<readonly BenchRow[]> {
  await using screen = open("--data-dir", day, ...whole)
  await until(screen, (text) => /Raw 1\/2,840/.test(text))
  await Bun.sleep(500)
  const steps: number[] = []
  for (let i = 0; i < STEPS; i++) {
    screen.send("]")
    steps.push(await untilLine(screen, STATUS, (text) => RAW.exec(text)?.[1] === String(i + 2)))
    await Bun.sleep(40)
  }
  const jumps: number[] = []
  for (const time of ["20:10:00", "03:00:00", "12:34:30", "23:00:00", "05:05:00", "17:17:00"]) {
    screen.send("t\x15")
    await until(screen, (text) => text.includes("Go to a time"))
    screen.send(time)
    await until(screen, (text) => text.includes(`Time: ${time}`))
    screen.send("\r")
    jumps.push(await untilLine(screen, HEADER, (text) => text.includes(`2026-03-08 ${time} +00:00`)))
  }
  const firsts: number[] = []
  const wholes: number[] = []
  for (const text of ["nginx", "10.3.0.0/16", "5432", "no-such-process"]) {
    screen.send("S")
    await until(screen, (shown) => shown.includes("Search across time"))
    screen.send("\x15")
    // A list of the search before: what is typed begins a new one.
    if (firsts.length > 0) screen.send("S")
    await Bun.sleep(100)
    screen.send(`\x15${text}`)
    await until(screen, (shown) => shown.includes(`Find: ${text}`))
    const begin = performance.now()
    screen.send("\r")
    if (text !== "no-such-process") {
      await untilLine(screen, FIRST_HIT, (shown) => /▌2026-03-08 \d\d:\d\d:\d\d {2}IN/.test(shown))
      firsts.push(performance.now() - begin)
    }
    await until(screen, (shown) => /of 2,840 snapshots/.test(shown) && !/searching/.test(shown))
    wholes.push(performance.now() - begin)
    screen.send("\x1b")
    await until(screen, (shown) => !shown.includes("Search across time"))
  }
  return [
    { name: "one step, median", figure: median(steps), unit: "ms", target: 16 },
    { name: "one step, p90", figure: percentile(steps, 0.9), unit: "ms" },
    { name: "a jump, median", figure: median(jumps), unit: "ms", target: 30 },
    { name: "search over the day, slowest of four", figure: Math.max(...wholes), unit: "ms", target: 1_500 },
    { name: "until its first hits, slowest of three", figure: Math.max(...firsts), unit: "ms", target: 150 },
    { name: "memory after all that, at most", figure: peakMb(screen), unit: "MB", target: 180 },
  ]
}

/** Lines at the end of the file, while the end is followed. */
async function measureTail(_day: string, path: string): Promise<readonly BenchRow[]> {
  await using screen = open("-f", path)
  await until(screen, (text) => /Raw 1\/2,840/.test(text))
  screen.send("L")
  await until(screen, (text) => text.includes("TAIL-ON"))
  await Bun.sleep(1_000)
  const resting = await corePercent(screen, TAIL_SECONDS)
  const lines = createLines()
  let written = 0
  const growing = async (everyMs: number) => {
    const writer = setInterval(() => appendFileSync(path, lines.lineAt(SNAPSHOTS + written++, LAST_DAY)), everyMs)
    const percent = await corePercent(screen, TAIL_SECONDS)
    clearInterval(writer)
    return percent
  }
  // As often as the day was written.
  const usual = await growing(TAIL_SECONDS * 1_000 - 5_000)
  const busy = await growing(1_000)
  await until(screen, (text) => new RegExp(`Raw 2,${840 + written}/`).test(text))
  return [
    { name: "live tail, nothing written", figure: resting, unit: "% of a core" },
    { name: "live tail, a snapshot in 30 seconds", figure: usual, unit: "% of a core", target: 1 },
    { name: "live tail, a snapshot every second", figure: busy, unit: "% of a core" },
    { name: "memory of the tail, at most", figure: peakMb(screen), unit: "MB", target: 180 },
  ]
}

async function measureDays(folder: string): Promise<readonly BenchRow[]> {
  await writeCompressedDays(folder, DAYS)
  const list = async () =>
    wallMs(() => {
      const { exitCode, stderr } = Bun.spawnSync([builtBinary(), "replay", "--list", "--data-dir", folder], {
        env: { ...process.env, ...env },
      })
      if (exitCode !== 0) throw new Error(stderr.toString())
    })
  await list()
  const lists = [await list(), await list(), await list()]
  const frames: number[] = []
  for (let i = 0; i < STARTS; i++)
    frames.push(await firstFrame("--data-dir", folder, "-b", "2026-02-01", "-e", "2026-03-31"))
  return [
    { name: `--list of ${DAYS} compressed days, median`, figure: median(lists), unit: "ms", target: 300 },
    { name: `first frame of ${DAYS} compressed days, median`, figure: median(frames), unit: "ms", target: 400 },
  ]
}
