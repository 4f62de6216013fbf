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
    { stdin: "pipe", stdout: "pipe", stderr: "ignore" },
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

/** The lines of the table, and the column of the panel's right edge. */
function tableOf(pty: Pty, text: string, cols: number, port: number) {
  const table = text
    .split("\n")
    .flatMap((line, y) => (line.includes(`127.0.0.1:${port} `) && !/[→>] 127/.test(line) ? [y] : []))
  const top = text.split("\n").findIndex((line) => /^[┌+]/.test(line))
  const right = cellsOf(pty, top, cols).findIndex((cell, x) => x > 0 && /[┐+]/.test(cell))
  return { table, right }
}

/**
 * What stands in the wrong cell, or nothing. A screen is looked at while it is being painted: what is wrong only until
 * the rest of the bytes have come is looked at again.
 */
function misplaced(
  pty: Pty,
  text: string,
  { cols, port, env }: { cols: number; port: number; env: { LANG?: string } },
) {
  const { table, right } = tableOf(pty, text, cols, port)
  if (table.length !== total) return `${table.length} of ${total} rows`
  // The frame: both edges of the panel in every line, at the columns where its corners are.
  const edge = env.LANG === "C" ? "|" : "│"
  const torn = table.filter((y) => [0, right].some((x) => pty.cell(x, y)?.getChars() !== edge))
  if (torn.length > 0) return `no edge in line ${torn}`
  // The columns: peer and state begin where their titles do.
  const titles = cellsOf(pty, table[0]! - 1, right)
    .map((cell) => cell || " ")
    .join("")
  const peer = titles.indexOf("PEER")
  const endpoint = `127.0.0.1:${port}`
  const shifted = table.filter((y) => {
    const line = cellsOf(pty, y, right)
    return line.slice(peer, peer + endpoint.length).join("") !== endpoint || line[peer - 1] !== " "
  })
  return shifted.length > 0 ? `the peer is not under its title in line ${shifted}` : ""
}

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
    pty.send(`of${port}\r`)
    const seen = await pty.until((text) => isNamed(text) && misplaced(pty, text, { cols, port, env }) === "", NAMES_MS)
    expect(misplaced(pty, seen, { cols, port, env })).toBe("")
    const { table, right } = tableOf(pty, seen, cols, port)

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
  const rowOf = (text: string, what: string) =>
    new RegExp(`^│[ ▌]${processes.get(what)!.child.pid}/(.*?) +127\\.0\\.0\\.1:\\d+`, "m").exec(text)?.[1]
  // A screen that is being painted has some rows of the look before.
  const isWhole = (text: string) => isNamed(text) && Object.keys(names).every((what) => rowOf(text, what) !== undefined)
  const text = await pty.until(isWhole, NAMES_MS)
  const shown = (what: keyof typeof names) => rowOf(text, what)
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
