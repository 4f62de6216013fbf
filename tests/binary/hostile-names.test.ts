/** Data is never markup: processes may call themselves anything, and every line of the screen stays as it is. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import net from "node:net"
import { join } from "node:path"
import { builtBinary } from "../support/binary.ts"
import { openDashboard } from "../support/dashboard.ts"
import type { Pty } from "../support/pty.ts"

/** Fifteen bytes at most; longer ones are cut by the kernel, also within a character. */
const names = {
  "sets the title": "\x1b]0;owned\x07",
  "sets a colour": "\x1b[31mred",
  "clears the screen": "\x1b[2J\x1b[H",
  "leaves the alternate screen": "\x1b[?1049l",
  "asks the terminal to answer": "\x1b[6n\x1b[c",
  "an eight-bit escape": Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0x61]),
  "tab, newline, carriage return": "a\tb\nc\rd",
  backspaces: "abc\b\b\b\b\b\bx",
  "text from right to left": "\u202Egpj.exe\u202C",
  "wide characters": "漢字漢字漢",
  "a wide character that the kernel cuts": "漢字漢字漢字",
  emoji: "😀👍🏽",
  "a flag and a family": "🇩🇪👨\u200d👩",
  "combining marks": "e\u0301\u0302\u0303a\u0300",
  "nothing that is seen": "\u200b\u200b\ufeff",
  "bytes that are no UTF-8": Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xe2, 0x82]),
  markup: "[red]x[/red]",
  "ends of a /proc/<pid>/stat name": "a) R 1 (b",
  "blanks around": "  x  ",
  "an ANSI C1 in UTF-8": "\u0090q\u009c",
} as const

let server: net.Server
let port = 0
/** By port of their end of the connection: what they are called. */
const processes = new Map<string, ReturnType<typeof masquerade>>()

beforeAll(async () => {
  builtBinary()
  server = net.createServer((socket) => void socket.on("error", () => {}))
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  port = (server.address() as net.AddressInfo).port
  for (const [what, name] of Object.entries(names)) processes.set(what, masquerade(name))
  await Promise.all(Array.from(processes.values(), ({ isReady }) => isReady))
}, 60_000)
afterAll(async () => {
  await Promise.all(
    Array.from(processes.values(), ({ child }) => {
      child.stdin.end()
      return child.exited
    }),
  )
  server?.close()
})

function masquerade(name: string | Buffer) {
  const child = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "../support/masquerade.ts"),
      `${port}`,
      Buffer.from(name).toString("base64"),
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  )
  const isReady = child.stdout.getReader().read()
  return { child, isReady }
}

const total = Object.keys(names).length
/** Every row has its process. The search goes on from look to look where the host has many descriptors. */
const isNamed = (text: string) =>
  text.includes("Top Outgoing") && text.includes(`of ${total} `) && !/^[│|][ ▌>]- /m.test(text)
const NAMES_MS = 15_000

/** The panel of connections cell by cell: characters at their column, an empty text behind a wide one. */
const cellsOf = (pty: Pty, y: number, width: number) =>
  Array.from({ length: width }, (_, x) => pty.cell(x, y)?.getChars() ?? "")

test.each([
  { cols: 80, env: {} },
  { cols: 100, env: {} },
  { cols: 150, env: {} },
  { cols: 220, env: {} },
  { cols: 150, env: { LANG: "C" } },
  { cols: 150, env: { NO_COLOR: "1" } },
])(
  "lines and columns are whole at $cols columns with $env",
  async ({ cols, env }) => {
    const rows = 45
    await using pty = await openDashboard(["-r", "1"], { cols, rows, env })
    const total = Object.keys(names).length
    pty.send(`of${port}\r`)
    const text = await pty.until(isNamed, NAMES_MS)
    const table = text
      .split("\n")
      .flatMap((line, y) => (line.includes(`127.0.0.1:${port} `) && !/[→>] 127/.test(line) ? [y] : []))
    expect(table).toHaveLength(total)

    // The frame: both edges of the panel in every line, at the columns where its corners are.
    const head = table[0]! - 1
    const top = text.split("\n").findIndex((line) => /^[┌+]/.test(line))
    const right = cellsOf(pty, top, cols).findIndex((cell, x) => x > 0 && /[┐+]/.test(cell))
    const edges = new Set(table.map((y) => [0, right].map((x) => pty.cell(x, y)?.getChars()).join()))
    expect([...edges]).toEqual([env.LANG === "C" ? "|,|" : "│,│"])

    // The columns: peer and state begin where their titles do.
    const titles = cellsOf(pty, head, right)
      .map((cell) => cell || " ")
      .join("")
    for (const y of table) {
      const line = cellsOf(pty, y, right)
      const peer = titles.indexOf("PEER")
      expect(line.slice(peer, peer + 10 + `${port}`.length).join("")).toBe(`127.0.0.1:${port}`)
      expect(line[peer - 1]).toBe(" ")
    }

    // Nothing was executed: the title, the screen, the colours are ours.
    expect(pty.title).toBe("")
    expect(pty.isAlternate()).toBe(true)
    const colors = new Set(
      table.flatMap((y) =>
        Array.from({ length: right }, (_, x) => pty.cell(x, y)!).map((cell) =>
          cell.isFgDefault() ? "default" : cell.isFgPalette() ? cell.getFgColor() : "other",
        ),
      ),
    )
    // The frame of the focused panel has the accent, unless there are no colours.
    expect([...colors].filter((color) => color !== "default" && color !== 6)).toEqual([])
    expect(pty.raw).not.toMatch(/owned\x07|\x1b\[31m|\x1b\[2J\x1b\[Hx|\u009b|\u0090/)

    // Each can be selected, and its detail says the same.
    for (let i = 0; i < total; i++) pty.send("\x1b[B")
    await pty.until((each) => each.split("\n").some((line) => /^[│|][▌>]/.test(line) && line.includes(`:${port} `)))
    pty.send("q")
    expect(await pty.child.exited).toBe(0)
    expect(pty.title).toBe("")
  },
  20_000,
)

test("each name can still be told", async () => {
  await using pty = await openDashboard(["-r", "1"], { cols: 220, rows: 45 })
  pty.send(`of${port}\r`)
  const text = await pty.until(isNamed, NAMES_MS)
  const shown = (what: keyof typeof names) => {
    const { pid } = processes.get(what)!.child
    return new RegExp(`^│[ ▌]${pid}/(.*?) +127\\.0\\.0\\.1:\\d+`, "m").exec(text)?.[1]
  }
  expect(readFileSync(`/proc/${processes.get("sets a colour")!.child.pid}/comm`, "utf8")).toBe("\x1b[31mred\n")
  expect(shown("sets a colour")).toBe("␛[31mred")
  expect(shown("sets the title")).toStartWith("␛]0;own")
  expect(shown("tab, newline, carriage return")).toBe("a␉b␊c␍d")
  expect(shown("markup")).toStartWith("[red]x")
  expect(shown("wide characters")).toStartWith("漢字漢字")
  expect(shown("text from right to left")).toBe("·gpj.exe·")
}, 20_000)

test("connections and its JSON take them as text too", () => {
  const run = (...words: string[]) =>
    Bun.spawnSync([builtBinary(), "connections", "-i", "lo", "--out", "--port", `${port}`, ...words])
  const table = run().stdout.toString()
  expect(table).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
  expect(table.trimEnd().split("\n")).toHaveLength(Object.keys(names).length + 1)
  const { connections } = JSON.parse(run("--json").stdout.toString())
  const processNames = connections.map(({ process }: { process: string | null }) => process)
  expect(processNames).toContain("\x1b[31mred")
  expect(processNames).toContain("a) R 1 (b")
  expect(processNames).toContain("漢字漢字漢")
}, 20_000)
