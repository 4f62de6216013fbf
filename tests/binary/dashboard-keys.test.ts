/** Every key, click and paste as the bytes that terminals really send, to the compiled dashboard in a real terminal. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { builtBinary } from "../support/binary.ts"
import { type Crowd, gather } from "../support/crowd.ts"
import { openDashboard } from "../support/dashboard.ts"
import type { Pty } from "../support/pty.ts"

const SIZE = 100
let crowd: Crowd
let pty: Pty

beforeAll(async () => {
  builtBinary()
  crowd = await gather(SIZE)
}, 60_000)
afterAll(() => crowd?.[Symbol.dispose]())

beforeEach(async () => {
  // Long enough that no look comes between a key and what it does.
  pty = await openDashboard(["-r", "300"], { cols: 120, rows: 30 })
  pty.send(`f${crowd.port}\r`)
  await pty.until((text) => text.includes(`of ${SIZE} `))
})
afterEach(() => pty?.[Symbol.asyncDispose]())

/** The row with the mark, by its place among the connections in the order of their ports; -1 without one. */
const selected = (text: string): number => {
  const row = text.split("\n").find((each) => each.startsWith("│▌"))
  return crowd.peerPorts.findIndex((peer) => row?.includes(`127.0.0.1:${peer} `))
}
/** Lines of rows that are seen at once. */
const page = (text: string) => text.split("\n").filter((row) => /^│.+127\.0\.0\.1:\d+ +EST +\d/.test(row)).length
const untilSelected = (place: number) => pty.until((text) => selected(text) === place)
/** The frame of the focused panel has the accent. */
const panelWithFocus = (text: string) => {
  const rows = text.split("\n")
  return ["Top Incoming", "System Health", "Diagnosis"].find((title) => {
    const y = rows.findIndex((row) => row.includes(`┌─ ${title} ─`))
    return y >= 0 && pty.cell(rows[y]!.indexOf(`┌─ ${title} ─`), y)?.getFgColor() === 6
  })
}
const untilFocus = (title: string) => pty.until((text) => panelWithFocus(text) === title)

describe("keys that move the selection", () => {
  test.each([
    { key: "down, normal mode", bytes: "\x1b[B", from: 5, to: 6 },
    { key: "down, application mode", bytes: "\x1bOB", from: 5, to: 6 },
    { key: "up, normal mode", bytes: "\x1b[A", from: 5, to: 4 },
    { key: "up, application mode", bytes: "\x1bOA", from: 5, to: 4 },
    { key: "Home, xterm", bytes: "\x1b[H", from: 5, to: 0 },
    { key: "Home, application mode", bytes: "\x1bOH", from: 5, to: 0 },
    { key: "Home, tmux, screen and the Linux console", bytes: "\x1b[1~", from: 5, to: 0 },
    { key: "Home, rxvt", bytes: "\x1b[7~", from: 5, to: 0 },
    { key: "End, xterm", bytes: "\x1b[F", from: 5, to: SIZE - 1 },
    { key: "End, application mode", bytes: "\x1bOF", from: 5, to: SIZE - 1 },
    { key: "End, tmux, screen and the Linux console", bytes: "\x1b[4~", from: 5, to: SIZE - 1 },
    { key: "End, rxvt", bytes: "\x1b[8~", from: 5, to: SIZE - 1 },
    { key: "several in one read", bytes: "\x1b[B\x1bOB\x1b[B", from: 5, to: 8 },
  ])("$key", async ({ bytes, from, to }) => {
    pty.send(`\x1b[H${"\x1b[B".repeat(from)}`)
    await untilSelected(from)
    pty.send(bytes)
    await untilSelected(to)
  })

  test.each([
    { key: "PgDn", bytes: "\x1b[6~", pages: 1 },
    { key: "]", bytes: "]", pages: 1 },
    { key: "PgUp", bytes: "\x1b[6~\x1b[6~\x1b[5~", pages: 1 },
    { key: "[", bytes: "]][", pages: 1 },
  ])("$key moves by a page", async ({ bytes, pages }) => {
    pty.send("\x1b[H")
    const rows = page(await untilSelected(0))
    expect(rows).toBeGreaterThan(10)
    pty.send(bytes)
    await untilSelected(pages * rows)
  })

  test("a sequence that comes in pieces is one key", async () => {
    pty.send("\x1b[H")
    await untilSelected(0)
    pty.send("\x1b[")
    await Bun.sleep(5)
    pty.send("B")
    await untilSelected(1)
  })
})

describe("keys that move the focus", () => {
  test.each([
    { key: "Tab", bytes: "\t", others: ["System Health", "Diagnosis"] },
    { key: "Shift+Tab, xterm", bytes: "\x1b[Z", others: ["Diagnosis", "System Health"] },
    { key: "Shift+Tab, Linux console", bytes: "\x1b\t", others: ["Diagnosis", "System Health"] },
  ])("$key", async ({ bytes, others }) => {
    await untilFocus("Top Incoming")
    for (const panel of [...others, "Top Incoming"]) {
      pty.send(bytes)
      await untilFocus(panel)
    }
  })
})

describe("Esc", () => {
  const isHelpOpen = (text: string) => text.includes("─ Keys ─")

  test("alone closes what is open", async () => {
    pty.send("?")
    await pty.until(isHelpOpen)
    pty.send("\x1b")
    await pty.until((text) => !isHelpOpen(text))
  })

  test("then a key, each in its own read", async () => {
    pty.send("?")
    await pty.until(isHelpOpen)
    pty.send("\x1b")
    await Bun.sleep(40)
    pty.send("g")
    await pty.until((text) => !isHelpOpen(text) && text.includes("by peer and process"))
    pty.send("g")
    await pty.until((text) => text.includes("by connection"))
  })

  test("then a key in one read, as tmux and screen send it", async () => {
    pty.send("?")
    await pty.until(isHelpOpen)
    pty.send("\x1bg")
    await pty.until((text) => !isHelpOpen(text) && text.includes("by peer and process"))
    pty.send("g")
    await pty.until((text) => text.includes("by connection"))
  })

  test("twice in one read", async () => {
    pty.send("?")
    await pty.until(isHelpOpen)
    pty.send("\x1b\x1b")
    await pty.until((text) => !isHelpOpen(text))
  })
})

describe("in the field", () => {
  test.each([
    { key: "Enter", bytes: "\r" },
    { key: "Ctrl+J", bytes: "\n" },
    { key: "Enter of the keypad, application mode", bytes: "\x1bOM" },
  ])("$key takes what was typed", async ({ bytes }) => {
    pty.send(`/${crowd.peerPorts[3]}`)
    await pty.until((text) => text.includes(`Find: ${crowd.peerPorts[3]}`))
    pty.send(bytes)
    await pty.until((text) => text.includes(`find ${crowd.peerPorts[3]}`) && text.includes("1-1 of 1 "))
    pty.send(`/${"\x7f".repeat(5)}\r`)
    await pty.until((text) => text.includes(`of ${SIZE} `))
  })

  test.each([
    { key: "Backspace", bytes: "\x7f" },
    { key: "Backspace as Ctrl+H", bytes: "\b" },
    { key: "Home and Delete", bytes: "\x1b[Hx\x1b[D\x1b[3~\x1b[F\x7f" },
    { key: "left, application mode, and Delete", bytes: "\x1bOD\x1b[3~" },
  ])("$key", async ({ bytes }) => {
    pty.send("/ab")
    await pty.until((text) => text.includes("Find: ab"))
    pty.send(bytes)
    await pty.until((text) => /Find: a +│/.test(text))
    pty.send("\x1b")
    await pty.until((text) => !text.includes("Find:"))
  })

  test("a bracketed paste is text, whatever it holds", async () => {
    pty.send("/")
    await pty.until((text) => text.includes("Find:"))
    pty.send(`\x1b[200~${crowd.peerPorts[7]}q\x1b[31m\x03\x1b[201~`)
    await pty.until((text) => text.includes(`Find: ${crowd.peerPorts[7]}q`))
    expect(pty.child.exitCode).toBeNull()
    pty.send("\x1b")
    await pty.until((text) => !text.includes("Find:"))
  })

  test("a paste where no field is open is no key", async () => {
    pty.send("\x1b[200~qqq\x03\x1b[201~")
    pty.send("?")
    await pty.until((text) => text.includes("─ Keys ─"))
    pty.send("\x1b")
    await pty.until((text) => !text.includes("─ Keys ─"))
    expect(pty.child.exitCode).toBeNull()
  })
})

describe("the mouse", () => {
  /** SGR reports (1006): button, column and row from 1; `M` is down, `m` up. */
  const click = (x: number, y: number) => `\x1b[<0;${x};${y}M\x1b[<0;${x};${y}m`
  const wheel = (direction: "up" | "down", x: number, y: number) => `\x1b[<${direction === "up" ? 64 : 65};${x};${y}M`

  test("a click selects the row under it", async () => {
    pty.send("\x1b[H")
    const text = await untilSelected(0)
    const place = 6
    const y = text.split("\n").findIndex((row) => row.includes(`127.0.0.1:${crowd.peerPorts[place]} `))
    pty.send(click(20, y + 1))
    await untilSelected(place)
  })

  test("a click on the other panel brings the focus, one on a title sorts", async () => {
    pty.send(click(110, 5))
    await untilFocus("System Health")
    const x = (await pty.text()).split("\n")[2]!.indexOf("LPORT") + 2
    pty.send(click(x, 3))
    await pty.until((text) => text.includes("↓LPORT"))
    await untilFocus("Top Incoming")
    pty.send("B")
    await pty.until((text) => text.includes("↓TX/s"))
  })

  test("the wheel scrolls", async () => {
    pty.send("\x1b[H")
    await untilSelected(0)
    pty.send(wheel("down", 20, 10).repeat(2))
    const scrolled = await pty.until((text) => !/ 1-\d+ of /.test(text))
    expect(scrolled).toMatch(new RegExp(` 7-\\d+ of ${SIZE} `))
    pty.send(wheel("up", 20, 10).repeat(4))
    await pty.until((text) => / 1-\d+ of /.test(text))
  })

  test("reports from outside every panel, with other buttons and of motion do no harm", async () => {
    const before = await pty.text()
    pty.send("\x1b[<0;9999;9999M\x1b[<2;5;5M\x1b[<1;5;5M\x1b[<35;7;7M\x1b[<32;7;7M\x1b[<0;0;0M\x1b[M !!")
    pty.send("?")
    await pty.until((text) => text.includes("─ Keys ─"))
    pty.send("\x1b")
    const after = await pty.until((text) => !text.includes("─ Keys ─"))
    expect(selected(after)).toBe(selected(before))
  })
})

test("answers of a terminal that nobody waits for are no keys", async () => {
  // Cursor position, device attributes, colours, focus, size in pixels.
  pty.send("\x1b[5;7R\x1b[?64;1;2c\x1b]11;rgb:0000/0000/0000\x1b\\\x1bP>|xterm(370)\x1b\\\x1b[I\x1b[O\x1b[4;600;800t")
  pty.send("?")
  await pty.until((text) => text.includes("─ Keys ─"))
  pty.send("\x1b")
  await pty.until((text) => !text.includes("─ Keys ─") && text.includes("by connection"))
  expect(pty.child.exitCode).toBeNull()
})

describe("the charts", () => {
  const untilCharts = () => pty.until((text) => text.includes("─ Bandwidth lo ─"))
  const untilDashboard = () => pty.until((text) => text.includes("─ Top Incoming ─"))

  test("open with v, 2 and the NUL that most terminals send for Ctrl+2; v, 1 and Esc go back", async () => {
    for (const [opens, leaves] of [
      ["v", "v"],
      ["2", "1"],
      ["\0", "\x1b"],
    ] as const) {
      pty.send(opens)
      await untilCharts()
      pty.send(leaves)
      await untilDashboard()
    }
  })

  test("draw what the interface carries within a few seconds, and digits lead to the panels", async () => {
    pty.send("2")
    await pty.until((text) => /RX +[\d.]+[KMG]?B\/s/.test(text) && /[\u2801-\u28ff]/.test(text), 10_000)
    pty.send("4")
    await untilFocus("System Health")
    pty.send("5")
    await untilFocus("Diagnosis")
    pty.send("3")
    await untilFocus("Top Incoming")
  })
})
