/** What is written to terminals that know less, told by the bytes. */
import { beforeAll, describe, expect, test } from "bun:test"
import { builtBinary } from "../support/binary.ts"
import { gather } from "../support/crowd.ts"
import { expectGivenBack, hasLooked, openDashboard } from "../support/dashboard.ts"
import { openPty, type PtyOptions } from "../support/pty.ts"

beforeAll(() => {
  builtBinary()
}, 60_000)

/** Everything the dashboard writes while an operator walks through it. */
async function walk(env: NonNullable<PtyOptions["env"]>, size = { cols: 120, rows: 30 }): Promise<string> {
  using _crowd = await gather(3)
  await using pty = await openDashboard(["-r", "1"], { env, ...size })
  for (const [keys, shows] of [
    ["?", "─ Keys ─|- Keys -"],
    ["\x1b", "by connection"],
    ["g", "by peer and process"],
    ["go", "Top Outgoing"],
    ["z", "ZOOMED"],
    ["z\t", "scroll"],
    ["\t\tp", "PAUSED"],
    ["p/x", "Find: x"],
    ["\x1bfx\r", "digits|number|port"],
    ["\x1b", "by connection"],
  ] as const) {
    pty.send(keys)
    await pty.until((text) => new RegExp(shows).test(text))
  }
  pty.resize({ cols: 59, rows: 14 })
  await pty.until((text) => text.includes("too small"))
  pty.resize(size)
  await pty.until(hasLooked)
  pty.send("q")
  expect(await pty.child.exited).toBe(0)
  await expectGivenBack(pty)
  return pty.raw
}

/** Parameters of every rendition (SGR) that was set. */
const renditions = (raw: string): string[] => [
  ...new Set(Array.from(raw.matchAll(/\x1b\[([\d;:]*)m/g), ([, parameters]) => parameters!)),
]
/** 30-37, 40-47 and their bright ones are colours, 38, 48 and 58 begin one; 39 and 49 are the terminal's own. */
const setsColor = (parameters: string) =>
  parameters.split(";").some((each) => /^(3[0-8]|4[0-8]|58|9\d|10\d)/.test(each))

describe("no 24-bit colour", () => {
  test.each([{ TERM: "linux" }, { TERM: "screen" }, { TERM: "xterm" }, { TERM: "vt220" }, { TERM: "tmux-256color" }])(
    "with $TERM and no COLORTERM",
    async ({ TERM }) => {
      const raw = await walk({ TERM })
      expect(raw).not.toMatch(/[345]8[;:]2[;:]/)
      // It is not without any either.
      expect(renditions(raw).some(setsColor)).toBe(true)
    },
  )

  test("with COLORTERM=truecolor the sixteen of the palette are enough", async () => {
    expect(await walk({ COLORTERM: "truecolor" })).not.toMatch(/[345]8[;:]2[;:]/)
  })
})

test("only the first eight colours of the palette are asked for", async () => {
  const colors = renditions(await walk({})).filter(setsColor)
  expect(colors.length).toBeGreaterThan(1)
  for (const color of colors) expect(color).toMatch(/^38;5;[0-7]$/)
})

test("NO_COLOR: no colour at all", async () => {
  const raw = await walk({ NO_COLOR: "1" })
  expect(renditions(raw).filter(setsColor)).toEqual([])
  expect(renditions(raw)).toContain("1")
})

describe("only ASCII is drawn", () => {
  test.each([{ LANG: "C" }, { LANG: undefined }, { LANG: "C.UTF-8", LC_ALL: "POSIX" }, { LANG: "en_US.ISO-8859-1" }])(
    "with %o",
    async (env) => {
      expect(await walk(env)).toMatch(/^[\x00-\x7f]*$/)
    },
  )

  test("and not where the locale is UTF-8", async () => {
    expect(await walk({ LANG: "de_DE.utf8" })).toMatch(/┌─/)
  })
})

test("a terminal that answers no question gets its first frame as soon", async () => {
  await using pty = openPty([builtBinary(), "-i", "lo"], { isMute: true, env: { TERM: "linux" } })
  await pty.until(hasLooked)
  pty.send("?")
  await pty.until((text) => text.includes("─ Keys ─"))
  pty.send("\x03")
  expect(await pty.child.exited).toBe(0)
  await expectGivenBack(pty)
})

test("the first frame is out before the first look begins", async () => {
  await using pty = await openDashboard(["-r", "300"])
  const [before, drawn = ""] = pty.raw.split("\x1b[?1049h")
  expect(before).not.toContain("Health")
  const looking = drawn.indexOf("looking…")
  expect(looking).toBeGreaterThan(0)
  // Panels and the status bar are there already, and nothing was drawn before them.
  expect(drawn.indexOf("System Health")).toBeLessThan(looking)
  expect(drawn.indexOf("first look…")).toBeGreaterThan(looking)
  expect(drawn.search(/\d+s ago/)).toBeGreaterThan(drawn.indexOf("first look…"))
})

describe("the background", () => {
  const WHITE = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\"

  /** The colours that are set after the terminal has answered what lies behind its text. */
  async function colorsAfter(words: readonly string[], answer: string): Promise<string[]> {
    await using pty = await openDashboard(["-r", "1", ...words])
    // What comes in is heard in order: once the help is there, the answer was.
    pty.send(`${answer}?`)
    await pty.until((text) => text.includes("─ Keys ─"))
    const before = pty.raw.length
    pty.send("q")
    await pty.until((text) => !text.includes("─ Keys ─"))
    return renditions(pty.raw.slice(before)).filter(setsColor)
  }

  test("white, as the terminal answers: blue in place of cyan", async () => {
    const colors = await colorsAfter([], WHITE)
    expect(colors).toContain("38;5;4")
    expect(colors).not.toContain("38;5;6")
  })

  test("--theme wins over what the terminal answers", async () => {
    expect(await colorsAfter(["--theme", "dark"], WHITE)).toContain("38;5;6")
    expect(await colorsAfter(["--theme", "light"], "\x1b]11;rgb:0000/0000/0000\x1b\\")).toContain("38;5;4")
  })
})
