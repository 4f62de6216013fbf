/** `replay` without a screen: what it prints, and how it answers what makes no sense. */
import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { temporaryFolder } from "../support/folder.ts"
import { clockAt, lineOf } from "../support/replay.ts"
import { command, runProgram } from "../support/source-program.ts"

const env = {
  TZ: "Europe/Berlin",
  HOLYF_NETWORK_DAEMON_STATE_FILE: "/nonexistent/state",
  HOLYF_NETWORK_DAEMON_CONFIG_FILE: "/nonexistent/daemon.json",
}
const replay = (...words: string[]) => runProgram(["replay", ...words], env)

const web = { peer: "203.0.113.7", tx: 12_000, rx: 1_300, connections: 3 }
const findings = [{ id: "conntrack-full", severity: "crit", culprit: "nginx, peer 203.0.113.7" }]
const history = [
  ...[0, 1, 2, 3].map((i) => lineOf({ at: clockAt(i), in: [web], more: i === 2 ? { findings } : { findings: [] } })),
  "{broken",
  lineOf({
    at: "10:30:00",
    in: [{ ...web, peer: "10.1.2.3", port: 22, process: "=cmd(1)" }],
    out: [{ peer: "2001:db8::1" }],
  }),
]

function recorded() {
  const folder = temporaryFolder()
  folder.write("connections-20260308.jsonl", `${history.join("\n")}\n`)
  folder.write("connections-20260307.jsonl", `${history[0]!.replace("03-08", "03-07")}\n`)
  return folder
}

describe("--list", () => {
  test("prints the days that are kept", async () => {
    using folder = recorded()
    const { stdout, stderr, exitCode } = await replay("--list", "--data-dir", folder.path)
    expect([stderr, exitCode]).toEqual(["", 0])
    expect(
      stdout
        .split("\n")
        .slice(1)
        .map((line) => line.replace(/\d\.\dKB|\d{3}B/, "SIZE")),
    ).toEqual([
      "DAY          SIZE  SNAPSHOTS  FIRST     LAST      GAPS       FINDINGS",
      "2026-03-07   SIZE          1  10:00:00  10:00:00  none       none",
      "2026-03-08  SIZE          5  10:00:00  10:30:00  1, 28m30s  1 (1 crit): conntrack-full  Corrupt: 1",
      "",
    ])
  })

  test("as JSON says when each began and ended", async () => {
    using folder = recorded()
    const { days } = JSON.parse(
      (await replay("--list", "--json", "--data-dir", folder.path, "-b", "2026-03-08")).stdout,
    )
    expect(days).toMatchObject([
      {
        day: "2026-03-08",
        files: ["connections-20260308.jsonl"],
        snapshots: 5,
        first_at: "2026-03-08T10:00:00+01:00",
        gaps: [{ from: "2026-03-08T10:01:30+01:00", to: "2026-03-08T10:30:00+01:00", seconds: 1_710 }],
        findings: [
          {
            id: "conntrack-full",
            severity: "crit",
            first_at: "2026-03-08T10:01:00+01:00",
            last_at: "2026-03-08T10:01:00+01:00",
          },
        ],
        corrupt_lines: 1,
      },
    ])
  })
})

describe("--at", () => {
  test.each([
    ["2026-03-08 10:01", "10:01:00"],
    ["2026-03-08 10:00:59", "10:00:30"],
    ["2026-03-08 10:29:59", "10:01:30"],
    ["2026-03-08", "10:30:00"],
    ["2026-03-08 09:59", "2026-03-07T10:00:00"],
  ])("%s", async (at, found) => {
    using folder = recorded()
    const { stdout } = await replay("--at", at, "--json", "--data-dir", folder.path)
    expect(JSON.parse(stdout).snapshot.captured_at).toContain(found)
  })

  test("prints a table, with addresses hidden where that is asked", async () => {
    using folder = recorded()
    const { stdout } = await replay("--at", "2026-03-08 10:01", "--sensitive-ip", "--data-dir", folder.path)
    expect(stdout).toMatchInlineSnapshot(`
      "2026-03-08 10:01:00  eth0  over 30.0 s
      finding: crit conntrack-full, nginx, peer xxx.xxx.113.7

      INCOMING       LPORT  PROCESS  CONNS  SEND-Q  RECV-Q      TX/s     RX/s  STATES
      xxx.xxx.113.7    443  nginx        3      0B      0B  11.7KB/s  1.3KB/s  ESTABLISHED:3

      OUTGOING  none
      "
    `)
  })

  test("before everything is nothing", async () => {
    using folder = recorded()
    const { stderr, exitCode } = await replay("--at", "2026-03-01", "--data-dir", folder.path)
    expect(stderr).toContain("there is no snapshot at or before 2026-03-01 23:59:59")
    expect(exitCode).toBe(1)
  })
})

describe("--search", () => {
  test("prints the snapshots that have it", async () => {
    using folder = recorded()
    const { stdout, stderr } = await replay(
      "--search",
      "10.0.0.0/8",
      "--data-dir",
      folder.path,
      "-b",
      "2026-03-08",
      "-e",
      "2026-03-08",
    )
    expect(stdout).toBe("2026-03-08 10:30:00  1 incoming, 0 outgoing rows\n")
    expect(stderr).toContain("1 of 5 snapshots have peer 10.0.0.0/8")
  })

  test("as JSON counts by side", async () => {
    using folder = recorded()
    const { stdout } = await replay(
      "--search",
      "2001:db8::/32",
      "--json",
      "--data-dir",
      folder.path,
      "-b",
      "2026-03-08",
    )
    expect(JSON.parse(stdout)).toMatchObject({
      query: { kind: "network", text: "2001:db8::/32" },
      searched_snapshots: 5,
      hits: [{ captured_at: "2026-03-08T10:30:00+01:00", incoming: 0, outgoing: 1 }],
    })
  })
})

describe("--export", () => {
  const window = ["-b", "2026-03-08", "-e", "2026-03-08 10:30"]

  test("csv has one line a row, and no cell that a spreadsheet would run", async () => {
    using folder = recorded()
    const { stdout } = await replay("--export", "csv", "--data-dir", folder.path, ...window)
    const lines = stdout.trimEnd().split("\r\n")
    expect(lines.length).toBe(1 + 4 + 2)
    expect(lines[0]).toStartWith("captured_at,interface,side,peer_ip,port,proc_name,conn_count")
    expect(lines[1]).toStartWith(
      "2026-03-08T10:00:00+01:00,eth0,in,203.0.113.7,443,nginx,3,0,0,360000,39000,12000,1300,ESTABLISHED:3",
    )
    expect(stdout).toContain(",'=cmd(1),")
  })

  test("json is an array of the snapshots", async () => {
    using folder = recorded()
    const { stdout } = await replay("--export", "json", "--data-dir", folder.path, ...window)
    expect(JSON.parse(stdout).map((line: { captured_at: string }) => line.captured_at.slice(11, 19))).toEqual([
      ...[0, 1, 2, 3].map(clockAt),
      "10:30:00",
    ])
  })

  test("of nothing is an empty array", async () => {
    using folder = recorded()
    const { stdout, exitCode } = await replay(
      "--export",
      "json",
      "--data-dir",
      folder.path,
      "-b",
      "2020-01-01",
      "-e",
      "2020-01-02",
    )
    expect([JSON.parse(stdout), exitCode]).toEqual([[], 0])
  })
})

test("what comes by the standard input is a history too, plain or packed", async () => {
  const text = new TextEncoder().encode(`${history.join("\n")}\n`)
  for (const bytes of [text, Bun.zstdCompressSync(text)]) {
    const child = Bun.spawn(command(["replay", "--list", "--json", "-f", "-"]), {
      stdin: bytes,
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, ...env },
    })
    const { days } = JSON.parse(await new Response(child.stdout).text())
    expect(days).toMatchObject([{ day: "2026-03-08", snapshots: 5, corrupt_lines: 1 }])
  }
})

describe("bad input is one line on stderr and nothing on stdout", () => {
  test.each<[string[], number, RegExp]>([
    [["-b", "8pm"], 2, /--begin "8pm": that is no form of time; use one of: 20:10\[:30\], yesterday 20:10/],
    [["-b", "2026-03-05", "-e", "2026-03-04"], 2, /the window ends before it begins: 2026-03-05 00:00:00 to/],
    [["--since", "1h", "-b", "now"], 2, /--since stands alone/],
    [["--at", "now", "--list"], 2, /--list and --at exclude each other/],
    [["--at", "now", "-b", "today"], 2, /--begin means nothing with it/],
    [["--export", "xml"], 2, /--export takes csv or json, not "xml"/],
    [["--json"], 2, /--json goes with --list, --at or --search/],
    [["--list", "--health-config", "x"], 2, /--health-config means nothing with --list/],
    [["more"], 2, /takes no further word/],
    [["-f", "/"], 2, /cannot read \/: it is a folder/],
    [["-f", "/nonexistent/file"], 2, /cannot read \/nonexistent\/file: ENOENT/],
    [["-f", "no-such-file"], 2, /there is no such file here, and none in/],
    [["-f", "/dev/null"], 2, /it is no regular file/],
    [["--list", "--data-dir", "/nonexistent/dir"], 1, /There is no history yet: sudo holyf-network daemon start/],
    [["--search", " ", "--list"], 2, /exclude each other/],
    [["--search", " "], 2, /--search takes an address, a network/],
    [
      ["-f", join(import.meta.dir, "../fixtures/original/README.md")],
      2,
      /replay needs a terminal and stdout is none; use replay --list/,
    ],
  ])("%j", async (words, code, message) => {
    using folder = temporaryFolder()
    const where = words.includes("--data-dir") ? [] : ["--data-dir", folder.path]
    const { stdout, stderr, exitCode } = await replay(...words, ...where)
    expect(stderr).toMatch(/^holyf-network: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([stdout, exitCode]).toEqual(["", code])
  })

  test.each([
    ["empty", ""],
    ["binary", "\0\x01\xff\n\0\n"],
    ["text", "hello\n"],
  ])("a file that is %s has no snapshot", async (_, text) => {
    using folder = temporaryFolder()
    const path = folder.write("file", text)
    const { stderr, exitCode } = await replay("--at", "now", "-f", path)
    expect([stderr.split("\n").length, exitCode]).toEqual([2, 1])
    expect(stderr).toContain("there is no snapshot at or before")
  })
})
