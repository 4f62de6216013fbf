import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import builtIn from "../../../config/health_thresholds.toml" with { type: "text" }
import { defaultThresholds, parseThresholds, ThresholdsError } from "../../../src/core/config/thresholds.ts"

const parse = (text: string) => parseThresholds(text, "f.toml")

test("the shipped file says what is built in, and leaves nothing out", () => {
  expect(parseThresholds(builtIn, "config/health_thresholds.toml")).toEqual(defaultThresholds)
  for (const value of Object.values({ ...defaultThresholds, rules: {} }).flatMap((table) => Object.values(table)))
    expect(builtIn).toMatch(new RegExp(`= ${value}(\\.0)?\\b`))
})

describe("a file over the built-in values", () => {
  test("changes what it names", () => {
    const text =
      "[retrans_percent]\nwarn = 3\ncrit = 7\n[retrans_sample]\nmin_established = 30\nmin_out_segs_per_sec = 90\n"
    expect(parse(text)).toEqual({
      ...defaultThresholds,
      retransPercent: { warn: 3, crit: 7 },
      retransSample: { establishedMin: 30, segmentsPerSecondMin: 90 },
    })
  })

  test.each([
    {
      name: "one limit alone",
      text: "[drops_per_sec]\nwarn = 20",
      changed: { dropsPerSecond: { warn: 20, crit: 50 } },
    },
    {
      name: "dotted and quoted keys",
      text: '"retrans_percent" . warn = 1',
      changed: { retransPercent: { warn: 1, crit: 5 } },
    },
    {
      name: "comments, blanks, CRLF and a byte-order mark",
      text: "\u{feff}# a\r\n\r\n  [ drops_per_sec ] # b\r\n\twarn=1_0.5e0 # c\r\n",
      changed: { dropsPerSecond: { warn: 10.5, crit: 50 } },
    },
    {
      name: "0 and 0 switch the bandwidth colours off",
      text: "[bandwidth_per_sec]\nwarn = 0\ncrit = 0",
      changed: { bandwidthPerSecond: { warn: 0, crit: 0 } },
    },
    {
      name: "tables of rules",
      text: "[rule.accept-queue-overflow]\nwarn = 1\non = true\n[rule.x]\nwarn = 1\ncrit = 2",
      changed: { rules: { "accept-queue-overflow": { warn: 1, on: true }, x: { warn: 1, crit: 2 } } },
    },
    { name: "an empty file", text: "", changed: {} },
  ])("takes $name", ({ text, changed }) => expect(parse(text)).toEqual({ ...defaultThresholds, ...changed } as never))
})

describe("is refused with file, line and key:", () => {
  test.each([
    ["[retrans_percent]\n\nwran = 3", "f.toml, line 3: unknown key retrans_percent.wran"],
    ["[retrans]\nwarn = 3", "f.toml, line 2: unknown key retrans"],
    ["warn = 3", "f.toml, line 1: unknown key warn"],
    ["[rule.__proto__]\nwarn = 3", "f.toml, line 2: unknown key rule.__proto__.warn"],
    ["[retrans_percent]\nwarn = three", "f.toml, line 2: retrans_percent.warn is not a number: three"],
    ["[retrans_percent]\nwarn = '3'", "f.toml, line 2: retrans_percent.warn is not a number"],
    ["[retrans_percent]\nwarn = true", "f.toml, line 2: retrans_percent.warn is not a number"],
    ["[retrans_percent]\nwarn = nan", "f.toml, line 2: retrans_percent.warn is not a number: nan"],
    ["[retrans_percent]\nwarn = 1,5", "f.toml, line 2: retrans_percent.warn is not a number: 1,5"],
    ["[retrans_percent]\ncrit = 1e999", "f.toml, line 2: retrans_percent.crit is not a finite number"],
    ["[retrans_percent]\nwarn =", "f.toml, line 2: retrans_percent.warn has no value"],
    ["[retrans_percent]\nwarn = 1 2", "f.toml, line 2: retrans_percent.warn has more than one value"],
    ["[retrans_percent]\nwarn = -1", "f.toml, line 2: retrans_percent.warn must not be negative"],
    ["[retrans_sample]\nmin_established = -5", "f.toml, line 2: retrans_sample.min_established must not be negative"],
    ["[rule.x]\nwarn = -1", "f.toml, line 2: rule.x.warn must not be negative"],
    [
      "[retrans_percent]\nwarn = 9\ncrit = 3",
      "f.toml, line 3: retrans_percent.crit: retrans_percent has warn 9 above crit 3",
    ],
    [
      "[retrans_percent]\ncrit = 1",
      "f.toml, line 2: retrans_percent.crit: retrans_percent has warn 2 above crit 1 (a limit that is not given keeps its built-in value)",
    ],
    ["[rule.x]\nwarn = 5\ncrit = 1", "f.toml, line 3: rule.x.crit: rule.x has warn 5 above crit 1"],
    [
      "[conntrack_percent]\nwarn = 0\ncrit = 0",
      "f.toml, line 3: conntrack_percent.crit: conntrack_percent with 0 and 0 would judge nothing",
    ],
    ["retrans_percent = 3", "f.toml, line 1: retrans_percent is a table, not a value"],
    ["rule = 3", "f.toml, line 1: rule is a table, not a value"],
    ["rule.x = 3\nrule.x.y = 3", "f.toml, line 2: rule.x.y: x is a value, not a table"],
    ["[retrans_percent]\nwarn = 1\nwarn = 2", "f.toml, line 3: retrans_percent.warn was already given in line 2"],
    ["[retrans_percent]\n[retrans_percent]", "f.toml, line 2: retrans_percent was already given in line 1"],
    ["[retrans_percent", "f.toml, line 1: expected a table such as [retrans_percent]"],
    ["[[rule]]", "f.toml, line 1: expected a table such as [retrans_percent]"],
    ["; old comment", "f.toml, line 1: expected `key = value`"],
    ["[retrans_percent]\nwarn = \u001b[31m", "f.toml, line 2: retrans_percent.warn is not a number: \u{fffd}[31m"],
  ])("%j", (text, message) => {
    expect(() => parse(text)).toThrow(new ThresholdsError(message))
  })
})

test("agrees with the runtime's TOML reader on every number both accept", () => {
  const word = fc.stringMatching(/^[+-]?[0-9_]{1,6}(\.[0-9_]{0,3})?(e[+-]?[0-9]{0,2})?$/)
  fc.assert(
    fc.property(word, (number) => {
      const text = `[rule.x]\nwarn = ${number}\n`
      let ours: number | boolean | undefined
      try {
        ours = parse(text).rules.x!.warn
      } catch (error) {
        expect(error).toBeInstanceOf(ThresholdsError)
        return
      }
      const theirs = Bun.TOML.parse(text) as { rule: { x: { warn: number } } }
      expect(ours).toBe(theirs.rule.x.warn + 0)
    }),
  )
})

test("no text does anything but parse or be refused in one line", () => {
  const piece = fc.constantFrom(
    "[",
    "]",
    "=",
    "rule",
    "retrans_percent",
    ".",
    "warn",
    "1",
    '"',
    "'",
    "#",
    "\n",
    " ",
    "\0",
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parse(pieces.join(""))
      } catch (error) {
        expect(error).toBeInstanceOf(ThresholdsError)
        expect((error as Error).message).toMatch(/^f\.toml, line \d+: [^\n]+$/)
      }
    }),
  )
})

describe("the rules of the diagnosis", () => {
  const limits = { "accept-queue-overflow": { warn: 1, crit: 5 }, "clock-wrong": { warn: 50 } }
  const parse = (text: string) => parseThresholds(text, "f.toml", limits).rules

  test("may be moved and switched off", () =>
    expect(parse("[rule.accept-queue-overflow]\nwarn = 2\n[rule.clock-wrong]\nenabled = false")).toEqual({
      "accept-queue-overflow": { warn: 2 },
      "clock-wrong": { enabled: false },
    }))

  test.each([
    [
      "[rule.accept-queue]\nwarn = 1",
      "line 2: unknown rule rule.accept-queue.warn; did you mean accept-queue-overflow?",
    ],
    ["[rule.nothing]\nwarn = 1", "line 2: unknown rule rule.nothing.warn; docs/diagnosis.md lists them"],
    ["[rule.clock-wrong]\ncrit = 90", "line 2: unknown key rule.clock-wrong.crit; there are warn, enabled"],
    ["[rule.clock-wrong]\nwran = 90", "line 2: unknown key rule.clock-wrong.wran; there are warn, enabled"],
    ["[rule.clock-wrong]\nwarn = true", "line 2: rule.clock-wrong.warn is not a number"],
    ["[rule.clock-wrong]\nenabled = 1", "line 2: rule.clock-wrong.enabled must be true or false"],
    ['[rule.clock-wrong]\nenabled = "no"', "line 2: rule.clock-wrong.enabled must be true or false"],
    [
      "[rule.clock-wrong]\nwarn = 0",
      "line 2: rule.clock-wrong.warn must be above 0; enabled = false switches a rule off",
    ],
    [
      "[rule.accept-queue-overflow]\nwarn = 9",
      "line 2: rule.accept-queue-overflow.warn: rule.accept-queue-overflow has warn 9 above crit 5",
    ],
    ["[rule.toString]\nwarn = 9", "line 2: unknown rule rule.toString.warn; docs/diagnosis.md lists them"],
  ])("%j", (text, message) => expect(() => parse(text)).toThrow(new ThresholdsError(`f.toml, ${message}`)))
})
