/** The built replay in a real terminal: over files of the Go program, over a stream, over a worker that writes. */
import { beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { builtBinary } from "../support/binary.ts"
import { temporaryFolder } from "../support/folder.ts"
import * as make from "../support/packets.ts"
import { openPty, type PtyOptions } from "../support/pty.ts"
import { requires } from "../support/requirements.ts"
import { trace, unanswered } from "../support/traces.ts"

const fixtures = join(import.meta.dir, "../fixtures/original")
const recorded = join(fixtures, "recorded.connections-20261124.jsonl")
const edges = join(fixtures, "edge-cases.connections-20261124.jsonl")

beforeAll(() => void builtBinary(), 60_000)

const open = (args: readonly string[], options: PtyOptions = {}) =>
  openPty([builtBinary(), "replay", ...args], { cols: 80, rows: 24, env: { TZ: "UTC" }, ...options })
const WAIT = 20_000

describe("files of the Go program", () => {
  test.each([
    [80, 24],
    [200, 60],
  ])("at %d by %d", async (cols, rows) => {
    await using pty = open(["-f", recorded], { cols, rows })
    await pty.until((text) => /Raw 1\/12/.test(text) && text.includes("2026-11-24 03:46:47 +00:00"), WAIT)
    pty.send("]]")
    const text = await pty.until((shown) => /Raw 3\/12/.test(shown), WAIT)
    expect(text).toContain("10.77.0.2")
    expect(text).toMatch(/iperf3 +4 /)
    expect(text).toContain("No diagnosis was recorded here")
    expect(text).toContain("Timeline")
    pty.send("k")
    await pty.until((shown) => shown.includes("replay is read-only"), WAIT)
    pty.send("q")
    expect(await pty.child.exited).toBe(0)
    expect([pty.isAlternate(), pty.isCooked()]).toEqual([false, true])
  })

  test("with torn and foreign lines: those are counted", async () => {
    await using pty = open(["-f", edges])
    await pty.until((text) => text.includes("Corrupt: 1") && text.includes("Active 1/"), WAIT)
    pty.send("t\x1b")
    pty.send("t\x1502:02:30\r")
    await pty.until((text) => text.includes("2026-11-24 02:02:30 +00:00"), WAIT)
  })
})

test("traces of the same folder are marked, told and listed, with the packets that were kept", async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, "connections-20261124.jsonl"), await Bun.file(recorded).text())
  const pcap = join(folder.path, "mine.pcap")
  writeFileSync(pcap, make.pcap(unanswered.map(({ bytes }) => make.ethernet(bytes))))
  const { entry } = trace({ now: 0 }, { steps: unanswered, file: pcap })
  const line = JSON.stringify({ ...entry, captured_at: "2026-11-24T03:46:47Z" })
  writeFileSync(join(folder.path, "trace-history-20261124.jsonl"), `${line}\n`)
  await using pty = open(["--data-dir", folder.path, "-b", "2026-11-24"], { cols: 120, rows: 30 })
  await pty.until((text) => text.includes("trace WARN SYN without an answer 198.51.100.24:443 h"), WAIT)
  pty.send("h")
  await pty.until((text) => text.includes("─ Traces ─") && /▌ .*03:46:47 WARN SYN/.test(text), WAIT)
  pty.send("o")
  await pty.until((text) => text.includes("─ Trace of 198.51.100.24:443 ─") && text.includes("sent [S] to"), WAIT)
  pty.send("2\r")
  await pty.until((text) => text.includes("packet 1 ") && /flags +\[S\]/.test(text), WAIT)
  pty.send("\x1b")
  await pty.until((text) => text.includes("FROM → TO"), WAIT)
  pty.send("\x1b")
  await pty.until((text) => !text.includes("─ Trace of"), WAIT)
  pty.send("x")
  await pty.until((text) => text.includes("replay is read-only"), WAIT)
})

test("a stream is kept, and the keys come from the terminal", async () => {
  await using pty = openPty(["sh", "-c", `cat '${recorded}' | '${builtBinary()}' replay -f -`], {
    cols: 80,
    rows: 24,
    env: { TZ: "UTC" },
  })
  await pty.until((text) => /Raw 1\/12/.test(text), WAIT)
  pty.send("e")
  await pty.until((text) => /Raw 12\/12/.test(text), WAIT)
  pty.send("q")
  expect(await pty.child.exited).toBe(0)
  expect([pty.isAlternate(), pty.isCooked()]).toEqual([false, true])
})

test("a window with nothing in it says which days there are, and leads there", async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, "connections-20261124.jsonl"), await Bun.file(recorded).text())
  await using pty = open(["--data-dir", folder.path, "-b", "2020-01-01", "-e", "2020-01-02"])
  await pty.until(
    (text) => text.includes("No snapshots in the window") && text.includes("Recorded days: 2026-11-24"),
    WAIT,
  )
  pty.send(">")
  await pty.until((text) => /Raw 1\/12/.test(text), WAIT)
})

test("no history yet says how to begin one", async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, "data"))
  await using pty = open(["--data-dir", join(folder.path, "data")])
  await pty.until((text) => text.includes("No history yet in") && text.includes("daemon start"), WAIT)
})

requires({ root: true })(
  "a worker that writes is followed",
  async () => {
    using folder = temporaryFolder()
    const data = join(folder.path, "data")
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: folder.path,
      HOLYF_NETWORK_DAEMON_STATE_FILE: join(folder.path, "state"),
      HOLYF_NETWORK_DAEMON_CONFIG_FILE: join(folder.path, "daemon.json"),
    }
    const worker = Bun.spawn([builtBinary(), "daemon", "run", "--interval", "1", "--data-dir", data], {
      env,
      stdout: "ignore",
      stderr: "ignore",
    })
    try {
      for (;;) {
        const listed = Bun.spawnSync([builtBinary(), "replay", "--list", "--json", "--data-dir", data], { env })
        if (listed.exitCode === 0 && JSON.parse(listed.stdout.toString()).days[0]?.snapshots >= 2) break
        await Bun.sleep(100)
      }
      await using pty = open(["--data-dir", data], { env })
      await pty.until((text) => /Raw \d+\/\d+/.test(text) && text.includes("HEALTH"), WAIT)
      pty.send("L")
      const raw = async () => Number(/Raw (\d+)\//.exec(await pty.text())?.[1])
      await pty.until((text) => text.includes("TAIL-ON"), WAIT)
      const before = await raw()
      await pty.until((text) => Number(/Raw (\d+)\//.exec(text)?.[1]) >= before + 2, WAIT)
    } finally {
      worker.kill("SIGTERM")
      await worker.exited
    }
  },
  60_000,
)
