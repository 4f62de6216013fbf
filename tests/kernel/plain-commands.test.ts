/** The plain commands against real connections, in a network namespace of their own. */
import { afterAll, beforeAll, expect } from "bun:test"
import { constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { areMet, requires } from "../support/requirements.ts"
import { command, runProgram } from "../support/source-program.ts"

const needs = { root: true, tools: ["ip"], namespace: true } as const
const inNamespace = requires(needs)

/** Other tests have network namespaces of their own, at the same time. */
const HERE = ["--netns", "host"] as const
const PORT = 8100
const CHUNK = Buffer.alloc(20_000)
const EVERY_MS = 5

let server: net.Server | undefined
let client: net.Socket | undefined
let timer: ReturnType<typeof setInterval> | undefined
/** What had been handed to the socket, and when. */
const sent: { at: number; total: number }[] = [{ at: 0, total: 0 }]

beforeAll(async () => {
  if (!areMet(needs)) return
  Bun.spawnSync(["ip", "link", "set", "lo", "up"])
  server = net.createServer((socket) => socket.resume().on("error", () => {}))
  await new Promise<void>((ready) => server!.listen(PORT, "127.0.0.1", ready))
  client = net.connect(PORT, "127.0.0.1")
  await new Promise((ready) => client!.once("connect", ready))
})
afterAll(() => {
  clearInterval(timer)
  client?.destroy()
  server?.close()
})

function startSending(): void {
  timer ??= setInterval(() => {
    client!.write(CHUNK)
    sent.push({ at: Date.now(), total: sent.at(-1)!.total + CHUNK.length })
  }, EVERY_MS)
}

const sentUntil = (at: number): number => sent.findLast((entry) => entry.at <= at)!.total

/** What the sender says it sent in the window that the program says it looked at. */
const sentBetweenLooks = ({ captured_at, sample_seconds }: { captured_at: string; sample_seconds: number }): number => {
  const end = Date.parse(captured_at)
  return sentUntil(end) - sentUntil(end - sample_seconds * 1000)
}

const within2Percent = (actual: number, expected: number) => {
  expect(actual).toBeGreaterThan(expected * 0.98)
  expect(actual).toBeLessThan(expected * 1.02)
}

inNamespace(
  "connections --json agrees with the sender",
  async () => {
    startSending()
    const { stdout, stderr, exitCode } = await runProgram([
      "connections",
      "--json",
      ...HERE,
      "--interface",
      "lo",
      "--sample",
      "3",
      "--port",
      `${PORT}`,
    ])
    expect([stderr, exitCode]).toEqual(["", 0])
    const report = JSON.parse(stdout)
    const expected = sentBetweenLooks(report)
    expect(expected).toBeGreaterThan(1_000_000)
    expect(report.interface).toBe("lo")
    expect(report.connections).toHaveLength(2)
    const [out, into] = ["out", "in"].map((side) =>
      report.connections.find(({ direction }: { direction: string }) => direction === side),
    )
    expect(out).toMatchObject({ peer_ip: "127.0.0.1", peer_port: PORT, state: "ESTABLISHED", rx_bytes_delta: 0 })
    expect(into).toMatchObject({ local_ip: "127.0.0.1", local_port: PORT, tx_bytes_delta: 0, source: "socket" })
    within2Percent(out.tx_bytes_delta, expected)
    within2Percent(into.rx_bytes_delta, expected)
    within2Percent(out.tx_bytes_per_sec, expected / report.sample_seconds)
  },
  20_000,
)

inNamespace(
  "snapshot agrees with the sender",
  async () => {
    startSending()
    const { stdout, exitCode } = await runProgram(["snapshot", ...HERE, "--sample", "3"])
    expect(exitCode).toBe(0)
    expect(stdout.match(/\n/g)).toHaveLength(1)
    const line = JSON.parse(stdout)
    const [row] = line.incoming_groups
    expect(row).toMatchObject({ peer_ip: "127.0.0.1", port: PORT, states: { ESTABLISHED: 1 } })
    within2Percent(row.rx_bytes_delta, sentBetweenLooks(line))
  },
  20_000,
)

inNamespace(
  "sides and filters choose the rows",
  async () => {
    const rows = async (...more: string[]) =>
      JSON.parse((await runProgram(["connections", "--json", ...HERE, ...more])).stdout).connections.map(
        ({ direction }: { direction: string }) => direction,
      )
    expect(await rows("--in")).toEqual(["in"])
    expect(await rows("--out", "--peer", "127.0.0.0/8")).toEqual(["out"])
    expect((await rows("--peer", "::ffff:127.0.0.1")).sort()).toEqual(["in", "out"])
    expect(await rows("--peer", "::1")).toEqual([])
  },
  20_000,
)

inNamespace(
  "no renderer is loaded while it prints",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "holyf-test-"))
    const path = join(folder, "full-pipe")
    try {
      expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0)
      const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
      fill(pipe)
      // It stands still in its first write, with everything loaded that it will ever load.
      const child = Bun.spawn(["sh", "-c", 'exec "$@" >"$FULL_PIPE"', "sh", ...command(["connections", "--json"])], {
        env: { ...process.env, FULL_PIPE: path },
      })
      try {
        // Linux numbers write as 1 on x86-64, 64 on arm64.
        await until(() => /^(1|64) 0x1 /.test(readFileSync(`/proc/${child.pid}/syscall`, "utf8")))
        const maps = readFileSync(`/proc/${child.pid}/maps`, "utf8")
        expect(maps).toContain("libc.so.6")
        expect(maps).not.toMatch(/opentui/i)
      } finally {
        child.kill("SIGKILL")
        await child.exited
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  20_000,
)

function fill(pipe: number): void {
  try {
    for (;;) writeSync(pipe, Buffer.alloc(4096))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it never came to its first write")
    await Bun.sleep(20)
  }
}
