/**
 * The chaos that a worker has to live through: it is killed, its disk fills, its files are deleted, cut and moved, its
 * clock is set, rivals start. After every round the promise is checked: no good line is lost or doubled, every line
 * parses, and the next start works.
 *
 * Arguments: folder, seed, rounds. Prints what it did, and ends with 1 and the round when a promise was broken.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { parseRecord } from "../../src/core/daemon/worker-record.ts"
import { readSnapshotLine } from "../../src/core/snapshot/read.ts"
import { segmentsOf } from "../../src/core/snapshot/segments.ts"
import { readFrames } from "../../src/shell/files/compress.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"

const [root = "", seedText = "1", roundsText = "300"] = process.argv.slice(2)
const data = join(root, "data")
const filler = join(root, "filler")
const START = Date.parse("2026-03-28T20:00:00Z")

/** mulberry32: a small generator that a seed repeats. */
let seed = Number(seedText)
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}
const below = (n: number) => Math.floor(random() * n)
const pick = <T>(items: readonly T[]): T => items[below(items.length)]!

class Child {
  private readonly process
  private text = ""
  private waiting: (() => void)[] = []
  constructor(
    readonly run: string,
    startMs: number,
  ) {
    this.process = Bun.spawn([process.execPath, join(import.meta.dir, "chaos-worker.ts"), data, run, String(startMs)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "ignore",
    })
    void this.listen()
  }
  private async listen(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of this.process.stdout) {
      this.text += decoder.decode(bytes, { stream: true })
      for (const wake of this.waiting.splice(0)) wake()
    }
    for (const wake of this.waiting.splice(0)) wake()
  }
  get said(): readonly string[] {
    return this.text.split("\n").slice(0, -1)
  }
  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }
  /** Waits for a word; false when the child ended without it. */
  async hears(word: (said: readonly string[]) => boolean): Promise<boolean> {
    while (!word(this.said)) {
      if (this.hasEnded) {
        await this.process.exited
        await Bun.sleep(1)
        return word(this.said)
      }
      await Promise.race([
        new Promise<void>((resolve) => this.waiting.push(resolve)),
        this.process.exited,
        Bun.sleep(10_000).then(() => Promise.reject(new Error(`nothing heard of ${this.run}: ${this.text}`))),
      ])
    }
    return true
  }
  /** Lets it make so many looks more. */
  async lives(looks: number): Promise<void> {
    const before = this.said.length
    await this.hears((said) => said.length >= before + looks)
  }
  signal(name: NodeJS.Signals): void {
    this.process.kill(name)
  }
  write(text: string): void {
    this.process.stdin.write(text)
    this.process.stdin.flush()
  }
  async end(name: NodeJS.Signals): Promise<void> {
    this.signal("SIGCONT")
    this.signal(name)
    await this.process.exited
  }
  get exited(): Promise<number> {
    return this.process.exited
  }
  /** Holds it still, so that what is done to its files is done at one moment. */
  async still(act: () => void): Promise<void> {
    this.signal("SIGSTOP")
    const state = () => /\) (\w) /.exec(readFileSync(`/proc/${this.process.pid}/stat`, "utf8"))?.[1]
    while (state() !== "T") await Bun.sleep(1)
    act()
    this.signal("SIGCONT")
  }
}

/** Good lines by run and number, and what cannot be read. A line without its end is not good yet. */
function readHistory(): { readonly good: Map<string, string>; readonly doubled: string[]; readonly bad: string[] } {
  const good = new Map<string, string>()
  const doubled: string[] = []
  const bad: string[] = []
  if (!existsSync(data)) return { good, doubled, bad }
  const folder = DataFolder.open(data, { create: false })
  // A crash may leave a plain file beside its compressed form, until the next worker has compared them.
  const packed = new Map<string, string>()
  const take = (text: string, name: string) => {
    const whole = text.slice(0, text.lastIndexOf("\n") + 1)
    if (whole.length < text.length && !torn.has(name)) bad.push(`${name}: half a line`)
    for (const line of whole.split("\n").slice(0, -1)) {
      const snapshot = readSnapshotLine(line)
      const key = `${snapshot?.run} ${snapshot?.seq}`
      if (snapshot === undefined) bad.push(`${name}: ${line.slice(0, 60)}`)
      else if (!good.has(key)) {
        good.set(key, name)
        if (name.endsWith(".zst")) packed.set(key, line)
      } else if (packed.get(key) === line && !name.endsWith(".zst")) leftovers.add(name)
      else doubled.push(`${key} in ${good.get(key)} and ${name}`)
    }
  }
  const leftovers = new Set<string>()
  const segments = segmentsOf(readdirSync(data))
  for (const { name, day, kind } of segments)
    if (kind === "compressed") for (const frame of readFrames(folder, day)) take(new TextDecoder().decode(frame), name)
  for (const { name, kind } of segments) if (kind === "plain") take(readFileSync(join(data, name), "utf8"), name)
  folder.close()
  return { good, doubled, bad }
}

/** Keys that must be there for ever; what chaos destroys itself is taken out. */
let expected = new Set<string>()

/** Segments that end in half a line by an act of ours, until a worker opens or compresses them. */
const torn = new Set<string>()

function check(when: string, { mayBeTorn }: { readonly mayBeTorn: boolean }): void {
  const { good, doubled, bad } = readHistory()
  const lost = [...expected].filter((key) => !good.has(key))
  const problems = [
    ...lost.map((key) => `lost ${key}`),
    ...doubled.map((text) => `doubled ${text}`),
    ...(mayBeTorn ? [] : bad.map((text) => `unreadable ${text}`)),
  ]
  if (problems.length > 0) throw new Error(`${when}: ${problems.slice(0, 5).join("; ")}`)
  expected = new Set(good.keys())
}

/** What an act of ours destroys is no longer expected; everything else is. */
function destroy(act: () => void): void {
  const before = readHistory().good
  act()
  const after = readHistory().good
  for (const key of expected) if (!before.has(key)) throw new Error(`lost ${key}`)
  expected = new Set(after.keys())
}

const plainSegments = () => segmentsOf(readdirSync(data)).filter(({ kind }) => kind === "plain")

function fillDisk(): void {
  const fd = openSync(filler, "a")
  try {
    for (const size of [65_536, 4_096, 512, 1]) {
      const chunk = Buffer.alloc(size, 120)
      try {
        while (writeSync(fd, chunk) === size);
      } catch {
        // Full, to this size.
      }
    }
  } finally {
    closeSync(fd)
  }
}

let child: Child | undefined
let starts = 0
let clockMs = START
const counts = new Map<string, number>()

async function ensureRunning(): Promise<Child> {
  if (child !== undefined && !child.hasEnded) return child
  child = new Child(`run${++starts}`, clockMs)
  if (!(await child.hears((said) => said.includes("ready"))))
    throw new Error(`start ${starts} did not work: ${child.said.at(-1)}`)
  return child
}

const acts: Readonly<Record<string, () => Promise<void>>> = {
  "kill it": async () => {
    const one = await ensureRunning()
    await one.lives(below(8))
    await one.end("SIGKILL")
    const record = parseRecord(readFileSync(join(data, ".daemon.lock"), "utf8"))
    const { good } = readHistory()
    const written = [...good.keys()].filter((key) => key.startsWith(`${one.run} `)).length
    // Nothing destroyed a line of this run: then all that it spoke of are there.
    if (!wounded.has(one.run) && written < (record?.lines ?? 0))
      throw new Error(`${one.run} wrote ${record?.lines} lines, and ${written} are there`)
    check("after a kill", { mayBeTorn: true })
  },
  "stop it": async () => {
    const one = await ensureRunning()
    await one.lives(1 + below(3))
    await one.end("SIGTERM")
    check("after a stop", { mayBeTorn: false })
  },
  "tear the last line": async () => {
    if (child !== undefined && !child.hasEnded) await child.end("SIGKILL")
    const last = plainSegments().at(-1)
    if (last === undefined) return
    const file = join(data, last.name)
    torn.add(last.name)
    destroy(() => truncateSync(file, Math.max(0, statSync(file).size - 1 - below(700))))
  },
  "delete a segment": async () => wound(({ name }) => unlinkSync(join(data, name))),
  "cut a segment": async () =>
    wound(({ name }) => truncateSync(join(data, name), below(statSync(join(data, name)).size + 1))),
  "move a segment": async () => wound(({ name }) => renameSync(join(data, name), join(root, `moved-${name}`))),
  "write rubbish": async () =>
    wound(({ name }) => appendFileSync(join(data, name), pick(['{"captured_at":"2026', "\0\0\0\0", "rubbish", "{"]))),
  "fill the disk": async () => {
    const one = await ensureRunning()
    await one.still(fillDisk)
    await one.lives(4)
    if (one.hasEnded) throw new Error("a full disk ended the worker")
    check("on a full disk", { mayBeTorn: false })
    unlinkSync(filler)
    const lines = () => Number(/\d+$/.exec(one.said.at(-1) ?? "")?.[0])
    const before = lines()
    await one.hears(() => lines() > before + 1)
  },
  "set the clock": async () => {
    const one = await ensureRunning()
    const step = pick([-7_200_000, -90_000_000, 3_600_000, 86_400_000, 180_000_000, -5_000, 40_000])
    clockMs += step
    one.write(`step ${step}\n`)
    await one.lives(3)
  },
  "start a rival": async () => {
    const one = await ensureRunning()
    const rival = new Child("rival", clockMs)
    if ((await rival.exited) !== 7) throw new Error(`a rival was let in: ${rival.said.at(-1)}`)
    if (one.hasEnded) throw new Error("a rival ended the worker")
  },
  "crash while compressing": async () => {
    const one = await ensureRunning()
    clockMs += 86_400_000
    one.write("step 86400000\n")
    await one.lives(1)
    await Bun.sleep(below(12))
    await one.end("SIGKILL")
    check("after a crash in a compression", { mayBeTorn: true })
  },
}

const wounded = new Set<string>()

async function wound(act: (segment: { readonly name: string }) => void): Promise<void> {
  const one = await ensureRunning()
  await one.lives(1)
  wounded.add(one.run)
  await one.still(() => {
    const segments = plainSegments()
    if (segments.length === 0) return
    const segment = pick(segments)
    torn.add(segment.name)
    destroy(() => act(segment))
  })
  await one.lives(3)
}

const rounds = Number(roundsText)
const names = Object.keys(acts)
try {
  for (let round = 1; round <= rounds; round++) {
    const name = pick(names)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    try {
      await acts[name]!()
    } catch (error) {
      throw new Error(`round ${round}, ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    clockMs += 600_000
  }
  // In the end every day but the last is over, healed and compressed, and nothing is excused.
  const one = await ensureRunning()
  one.write("step 864000000\n")
  await one.lives(2)
  while (plainSegments().length > 1) await one.lives(1)
  await one.end("SIGTERM")
  torn.clear()
  check("in the end", { mayBeTorn: false })
  console.log(JSON.stringify({ rounds, starts, lines: expected.size, acts: Object.fromEntries(counts) }))
} catch (error) {
  if (child !== undefined && !child.hasEnded) await child.end("SIGKILL")
  console.log(`seed ${seedText}, ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
// Timers of what was waited for are still there.
process.exit(0)
