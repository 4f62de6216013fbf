/** The worker over simulated time: its schedule, its days, and what it says about what went wrong. */
import { describe, expect, test } from "bun:test"
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import { parseRecord } from "../../src/core/daemon/worker-record.ts"
import { readSnapshotLine, readSnapshots } from "../../src/core/snapshot/read.ts"
import type { SnapshotLine } from "../../src/core/snapshot/schema.ts"
import { segmentsOf } from "../../src/core/snapshot/segments.ts"
import { readFrames } from "../../src/shell/files/compress.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"
import { temporaryFolder } from "../support/folder.ts"
import {
  defaultSettings,
  lookAt,
  settle,
  startWorker,
  WorkerClock,
  type WorkerTest,
  type WorkerTestOptions,
} from "../support/worker-world.ts"
import { zoneOf } from "../support/zones.ts"

const START = Date.parse("2026-06-10T10:00:07Z")
const utc = zoneOf("UTC")

/** Every line of the folder, by segment; all of them parse. */
function linesOf(path: string): SnapshotLine[] {
  return segmentsOf(readdirSync(path)).flatMap(({ name, kind }) => {
    if (kind !== "plain") return []
    const text = readFileSync(join(path, name), "utf8")
    expect(text === "" || text.endsWith("\n")).toBe(true)
    const { lines, skipped } = readSnapshots(text)
    expect(skipped).toBe(0)
    return lines
  })
}

const eventsOf = (lines: readonly SnapshotLine[]) =>
  lines
    .flatMap(({ events }) => events ?? [])
    .map(({ kind, count }) => (count === undefined ? kind : `${kind} ${count}`))

const recordOf = (path: string) => parseRecord(readFileSync(join(path, ".daemon.lock"), "utf8"))!

async function withWorker(
  options: Partial<WorkerTestOptions> & { readonly startAt?: number },
  act: (test: WorkerTest) => Promise<void>,
): Promise<void> {
  using folder = temporaryFolder()
  const clock = options.clock ?? new WorkerClock(options.startAt ?? START)
  const started = (await startWorker(join(folder.path, "data"), { zone: utc, ...options, clock }))!
  try {
    await act(started)
  } finally {
    started.worker.stop()
    await started.running.catch(() => {})
  }
}

const stop = async ({ worker, running }: WorkerTest) => {
  worker.stop()
  await running
}

describe("the schedule", () => {
  test("the first line is written at once, the others at the multiples of the interval", () =>
    withWorker({}, async (one) => {
      expect(one.isReady()).toBe(true)
      await one.clock.advance(90_000)
      await stop(one)
      expect(linesOf(one.path).map(({ captured_at, seq, look }) => [captured_at, seq, look])).toEqual([
        ["2026-06-10T10:00:07Z", 1, undefined],
        ["2026-06-10T10:00:30Z", 2, undefined],
        ["2026-06-10T10:01:00Z", 3, undefined],
        ["2026-06-10T10:01:30Z", 4, undefined],
        ["2026-06-10T10:01:37Z", 5, false],
      ])
      expect(eventsOf(linesOf(one.path))).toEqual(["start", "stop"])
    }))

  test("looks never overlap, and ticks that passed meanwhile are told", () => {
    const clock = new WorkerClock(START)
    let looking = 0
    let most = 0
    let count = 0
    const look = async () => {
      most = Math.max(most, ++looking)
      const taken = lookAt(clock.now(), clock.monotonicMs())
      // The third look takes 70 seconds.
      if (++count === 3) await clock.sleep(70_000, new AbortController().signal)
      looking--
      return taken
    }
    return withWorker({ clock, look }, async (one) => {
      await clock.advance(180_000)
      await stop(one)
      expect(most).toBe(1)
      const lines = linesOf(one.path)
      expect(eventsOf(lines)).toEqual(["start", "missed-tick 2", "stop"])
      // The line has the time of its sockets, not that of its end.
      expect(lines.map(({ captured_at }) => captured_at.slice(14, 19))).toEqual([
        "00:07",
        "00:30",
        "01:00",
        "02:30",
        "03:00",
        "03:07",
      ])
      expect(recordOf(one.path).missed_ticks).toBe(2)
    })
  })

  test("is stretched when looks cost more than 2 % of a core, and the line says so", () =>
    withWorker({ settings: { intervalSeconds: 5 }, costMs: () => 350 }, async (one) => {
      await one.clock.advance(200_000)
      await stop(one)
      const lines = linesOf(one.path)
      expect(lines.at(-2)).toMatchObject({ interval_seconds: 20, stretched_from_seconds: 5 })
      const times = lines.slice(-4, -1).map(({ epoch_ms }) => epoch_ms!)
      expect([times[1]! - times[0]!, times[2]! - times[1]!]).toEqual([20_000, 20_000])
      expect(times[0]! % 20_000).toBe(0)
      expect(eventsOf(lines)).toEqual(["start", "interval-stretched", "stop"])
      expect(recordOf(one.path)).toMatchObject({ interval: 5, stretched_interval: 20, missed_ticks: 0 })
    }))

  test("goes on through clock steps in both directions, without a tick made up or lost", () =>
    withWorker({}, async (one) => {
      await one.clock.advance(60_000)
      one.clock.step(-3_600_000)
      await one.clock.advance(120_000)
      one.clock.step(7_200_000)
      await one.clock.advance(120_000)
      await stop(one)
      const lines = linesOf(one.path)
      expect(eventsOf(lines)).toEqual(["start", "clock-step", "clock-step", "stop"])
      expect(lines.filter(({ look }) => look !== false).length).toBeGreaterThanOrEqual(10)
      // The number of the line keeps the order that the clock lost.
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i + 1))
    }))

  test("the service manager gets its sign of life between two distant looks", () =>
    withWorker({ settings: { intervalSeconds: 300 }, watchdogMs: 60_000 }, async (one) => {
      await one.clock.advance(280_000)
      expect(one.notified.filter((word) => word === "WATCHDOG=1").length).toBeGreaterThanOrEqual(9)
    }))

  test("a reload takes its place at the next tick", () =>
    withWorker({}, async (one) => {
      await one.clock.advance(30_000)
      one.worker.reload({ ...defaultSettings, intervalSeconds: 10, topLimit: 3, retentionHours: 24 })
      await one.clock.advance(60_000)
      await stop(one)
      expect(linesOf(one.path).at(-2)).toMatchObject({ interval_seconds: 10, top_limit_per_side: 3 })
      expect(recordOf(one.path)).toMatchObject({ interval: 10, retention_hours: 24 })
    }))
})

describe("the end", () => {
  test("a look that hangs does not hold it up", async () => {
    let count = 0
    const clock = new WorkerClock(START)
    const { lookAt } = await import("../support/worker-world.ts")
    const look = () =>
      ++count === 1 ? Promise.resolve(lookAt(clock.now(), clock.monotonicMs())) : new Promise<never>(() => {})
    await withWorker({ clock, look }, async (one) => {
      await clock.advance(30_000)
      expect(count).toBe(2)
      const before = performance.now()
      await stop(one)
      expect(performance.now() - before).toBeLessThan(4_000)
      expect(eventsOf(linesOf(one.path))).toEqual(["start", "stop"])
      expect(recordOf(one.path)).toHaveProperty("ended_at")
    })
  })

  test("releases the lock, and the next worker goes on in the same file", () =>
    withWorker({}, async (one) => {
      expect(await startWorker(one.path, { clock: one.clock, zone: utc })).toBeUndefined()
      await stop(one)
      const next = (await startWorker(one.path, { clock: one.clock, zone: utc, run: "next" }))!
      await stop(next)
      expect(linesOf(one.path).map(({ run, seq }) => `${run} ${seq}`)).toEqual(["run 1", "run 2", "next 1", "next 2"])
    }))
})

describe("somebody touches the segment", () => {
  const name = "connections-20260610.jsonl"
  const replace = (file: string) => {
    renameSync(file, `${file}.old`)
    writeFileSync(file, "")
  }
  /** What was done to it, what is told, and how many lines are there in the end. */
  test.each<[string, (file: string) => void, string[], number]>([
    ["deletes it", unlinkSync, ["segment-gone 1"], 2],
    ["moves it", (file) => renameSync(file, `${file}.old`), ["segment-gone 1"], 2],
    ["puts another in its place", replace, ["segment-gone 1"], 2],
    ["empties it", (file) => truncateSync(file), ["segment-truncated"], 2],
    ["cuts it inside a line", (file) => truncateSync(file, 100), ["segment-truncated", "torn-line 100"], 2],
    ["adds half a line", (file) => appendFileSync(file, '{"half'), ["torn-line 6"], 3],
    ["adds bytes that are no text", (file) => appendFileSync(file, Buffer.alloc(70_000)), ["torn-line 70000"], 3],
  ])("%s: the next line is there all the same", (_, touch, told, count) =>
    withWorker({}, async (one) => {
      touch(join(one.path, name))
      await one.clock.advance(30_000)
      await stop(one)
      const lines = linesOf(one.path)
      expect(lines).toHaveLength(count)
      const events = eventsOf(lines).map((event) => event.replace(/^(segment-truncated) .*/, "$1"))
      expect(events.filter((event) => event !== "start")).toEqual([...told, "stop"])
    }),
  )

  test("adds a line of its own and forgets its end: it is kept", () =>
    withWorker({}, async (one) => {
      const file = join(one.path, name)
      appendFileSync(file, '{"a":1}')
      await one.clock.advance(30_000)
      await stop(one)
      const lines = readFileSync(file, "utf8").trimEnd().split("\n")
      expect(lines[1]).toBe('{"a":1}')
      expect(lines.filter((line) => readSnapshotLine(line) !== undefined)).toHaveLength(3)
    }))

  test("removes the whole folder: it is made again and locked again", () =>
    withWorker({}, async (one) => {
      rmSync(one.path, { recursive: true })
      await one.clock.advance(30_000)
      expect(eventsOf(linesOf(one.path))).toContain("data-dir-gone")
      expect(await startWorker(one.path, { clock: one.clock, zone: utc })).toBeUndefined()
    }))

  test("removes the lock: it is made again before a rival can take it", () =>
    withWorker({}, async (one) => {
      unlinkSync(join(one.path, ".daemon.lock"))
      await one.clock.advance(30_000)
      expect(await startWorker(one.path, { clock: one.clock, zone: utc })).toBeUndefined()
    }))

  test("removes the lock and a rival is faster: the first worker ends and says why", () =>
    withWorker({}, async (one) => {
      unlinkSync(join(one.path, ".daemon.lock"))
      const rival = (await startWorker(one.path, { clock: one.clock, zone: utc, run: "rival" }))!
      await one.clock.advance(30_000)
      expect(one.running).rejects.toThrow("another worker took")
      await stop(rival)
      expect(linesOf(one.path).map(({ run, seq }) => `${run} ${seq}`)).toEqual([
        "run 1",
        "rival 1",
        "rival 2",
        "rival 3",
      ])
    }))
})

describe("a source that fails", () => {
  test("is told once, when it fails and when it is back; the time without sockets is no look", async () => {
    const clock = new WorkerClock(START)
    const { lookAt } = await import("../support/worker-world.ts")
    let count = 0
    const look = async () => lookAt(clock.now(), clock.monotonicMs(), ++count >= 2 && count <= 4 ? "EPERM" : undefined)
    await withWorker({ clock, look }, async (one) => {
      await clock.advance(150_000)
      expect(recordOf(one.path).errors).toEqual([])
      await stop(one)
      const lines = linesOf(one.path)
      expect(lines.map(({ look: made }) => made !== false)).toEqual([true, false, false, false, true, true, false])
      const told = lines.flatMap(({ events }) => events ?? []).filter(({ text }) => text === "sockets: EPERM")
      expect(told.map(({ kind }) => kind)).toEqual(["source-failed", "source-back"])
    })
  })

  test("by throwing does not end the history", () => {
    const clock = new WorkerClock(START)
    let count = 0
    return withWorker(
      {
        clock,
        look: async () => {
          if (++count === 2) throw new Error("something of ours")
          return lookAt(clock.now(), clock.monotonicMs())
        },
      },
      async (one) => {
        await clock.advance(90_000)
        await stop(one)
        expect(linesOf(one.path)).toHaveLength(5)
      },
    )
  })
})

describe("days", () => {
  const day = 86_400_000

  // Both changes of a zone, a year's turn and a plain day: a day and a half around each.
  test.each([
    ["Europe/Berlin", "2026-03-28T21:59:47Z"],
    ["Europe/Berlin", "2026-10-24T20:59:47Z"],
    ["America/New_York", "2026-03-08T02:59:47Z"],
    ["America/New_York", "2026-11-01T02:59:47Z"],
    ["Africa/Cairo", "2026-04-23T20:59:47Z"],
    ["Asia/Kathmandu", "2026-12-31T16:59:47Z"],
  ])(
    "24 hours in %s from %s: every line in the file of its day, none missing, none twice",
    async (name, from) => {
      const zone = zoneOf(name)
      const clock = new WorkerClock(Date.parse(from))
      await withWorker({ clock, zone, settings: { intervalSeconds: 60 } }, async (one) => {
        await clock.advance(day)
        await stop(one)
        const seen: number[] = []
        for (const segment of segmentsOf(readdirSync(one.path))) {
          const { lines } = readSnapshots(readFileSync(join(one.path, segment.name), "utf8"))
          for (const line of lines) {
            expect(line.captured_at.slice(0, 10).replaceAll("-", "")).toBe(segment.day)
            expect(Date.parse(line.captured_at)).toBe(line.epoch_ms!)
            if (line.look !== false) seen.push(line.epoch_ms!)
          }
        }
        expect(seen).toHaveLength(1 + 1440)
        for (const [i, at] of seen.entries()) if (i > 1) expect(at - seen[i - 1]!).toBe(60_000)
        expect(recordOf(one.path)).toMatchObject({ missed_ticks: 0, lost_lines: 0 })
      })
    },
    30_000,
  )

  test("midnight prunes what is too old and compresses what is over", async () => {
    const clock = new WorkerClock(Date.parse("2026-06-10T23:58:30Z"))
    await withWorker({ clock, settings: { isCompressing: true, retentionHours: 24 } }, async (one) => {
      writeFileSync(join(one.path, "connections-20260608.jsonl"), "{}\n")
      await clock.advance(300_000)
      const before = readFileSync(join(one.path, "connections-20260611.jsonl"), "utf8")
      expect(
        readdirSync(one.path)
          .filter((name) => name.startsWith("connections-"))
          .sort(),
      ).toEqual([
        "connections-20260610.jsonl.idx",
        "connections-20260610.jsonl.lines",
        "connections-20260610.jsonl.zst",
        "connections-20260611.jsonl",
      ])
      const folder = DataFolder.open(one.path, { create: false })
      const text = [...readFrames(folder, "20260610")].map((raw) => new TextDecoder().decode(raw)).join("")
      folder.close()
      expect(readSnapshots(text)).toMatchObject({ skipped: 0, lines: { length: 3 } })
      expect(before.length).toBeGreaterThan(0)
      expect(one.log).toContain("pruned connections-20260608.jsonl (age, midnight)")
    })
  })
})

test("the disk refuses: nothing is half written, what is lost is counted, and it goes on by itself", () => {
  const clock = new WorkerClock(START)
  return withWorker({ clock }, async (one) => {
    const file = join(one.path, "connections-20260610.jsonl")
    const before = readFileSync(file, "utf8")
    // More is to be left free than any disk has.
    one.worker.reload({ ...defaultSettings, minFree: 1e18 })
    await clock.advance(90_000)
    expect(readFileSync(file, "utf8")).toBe(before)
    expect(recordOf(one.path)).toMatchObject({ lost_lines: 3, errors: [expect.stringContaining("--min-free")] })
    one.worker.reload(defaultSettings)
    await clock.advance(30_000)
    expect(recordOf(one.path)).toMatchObject({ lost_lines: 3, errors: [] })
    await stop(one)
    expect(eventsOf(linesOf(one.path))).toContain("lost-lines 3")
    expect(one.log.filter((text) => text.includes("--min-free"))).toHaveLength(1)
    expect(statSync(file).mode & 0o777).toBe(0o640)
  })
})

test("a first line that cannot be written is a failed start", async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, "data")
  const clock = new WorkerClock(START)
  const one = (await startWorker(path, { clock, zone: utc, settings: { minFree: 1e18 } }))!
  expect(one.running).rejects.toThrow("--min-free")
  await settle()
  expect(one.isReady()).toBe(false)
  expect(existsSync(path)).toBe(true)
  // Nothing stays locked.
  const next = (await startWorker(path, { clock, zone: utc }))!
  await stop(next)
})

describe("the diagnosis", () => {
  const FULL = 8_080
  /** A table of flows that is nearly full from `from` to `until`. */
  const hostWith = (clock: WorkerClock, from: number, until: number) => async () => {
    const { sample, rates } = lookAt(clock.now(), clock.monotonicMs())
    const isFull = clock.now() >= from && clock.now() < until
    const conntrack = { ok: true, value: { count: isFull ? FULL : 10, max: 8_500 } } as const
    const unread = { ok: false, reason: "not part of this test" } as const
    const own = { index: 0, name: "host", counters: sample.counters, conntrack, portRange: unread, links: unread }
    const namespaces = [
      { ...own, queues: unread, conntrackCpus: unread, dropRules: unread, udp: unread, unansweredDns: [] },
    ]
    const host = { cpuTimes: unread, tcpMemory: unread, isTcpPressed: unread, orphansMax: unread, neighbours: unread }
    const grounds = { ...host, namespaces, clock: unread, files: unread, descriptors: unread }
    return { sample: { ...sample, conntrack, grounds }, rates }
  }
  const found = (line: SnapshotLine) => line.findings?.map(({ id, severity }) => `${severity} ${id}`)

  test("is in each line that has two looks behind it, from onset to end, with culprit and figures", () => {
    const clock = new WorkerClock(START)
    const look = hostWith(clock, START + 40_000, START + 100_000)
    return withWorker({ clock, look }, async (one) => {
      await clock.advance(150_000)
      await stop(one)
      const lines = linesOf(one.path).filter((line) => line.look !== false)
      expect(lines.map(found)).toEqual([
        undefined,
        [],
        ["crit conntrack-near-full"],
        ["crit conntrack-near-full"],
        [],
        [],
      ])
      expect(lines.map(({ health }) => health?.level)).toEqual(["ok", "ok", "crit", "crit", "ok", "ok"])
      const [finding] = lines[2]!.findings!
      expect(finding!.culprit).toBe("host-wide")
      expect(finding!.evidence?.[0]).toBe("8,080 of 8,500 entries (95.1%)")
    })
  })

  test("goes by the limits of the operator, from the reload on", () => {
    const clock = new WorkerClock(START)
    return withWorker({ clock, look: hostWith(clock, START, START + 1e9) }, async (one) => {
      await clock.advance(60_000)
      const thresholds = { ...defaultThresholds, rules: { "conntrack-near-full": { enabled: false } } }
      one.worker.reload({ ...defaultSettings, thresholds })
      await clock.advance(30_000)
      await stop(one)
      const lines = linesOf(one.path).filter((line) => line.look !== false)
      expect(lines.map(found)).toEqual([undefined, ["crit conntrack-near-full"], ["crit conntrack-near-full"], []])
    })
  })
})
