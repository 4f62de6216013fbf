import { describe, expect, test } from "bun:test"
import { type CommandSpec, commands, flagIds } from "../../../src/core/config/commands.ts"
import { type Flag, type FlagId, flagSentence, flags, readFlag } from "../../../src/core/config/flags.ts"

const all: readonly Flag[] = Object.values(flags)
const duplicates = (words: readonly string[]) => words.filter((word, i) => words.indexOf(word) !== i)

describe("the table of flags", () => {
  test("no name and no letter means two things", () => {
    expect(duplicates(all.map(({ name }) => name))).toEqual([])
    expect(duplicates(all.flatMap(({ short }) => (short === undefined ? [] : [short])))).toEqual([])
  })

  test("an identifier is its name without dashes, and every flag belongs to a command", () => {
    const used = new Set((commands as readonly CommandSpec[]).flatMap(flagIds))
    for (const [id, { name }] of Object.entries(flags)) {
      expect(name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())).toBe(id)
      expect(used).toContain(id as FlagId)
    }
  })

  test("every default is a value that would be taken", () => {
    for (const flag of all)
      if ("default" in flag && flag.default !== undefined)
        expect(readFlag(flag, String(flag.default))).toEqual({ ok: true, value: flag.default })
  })

  test("every command explains its own help", () => {
    for (const command of commands as readonly CommandSpec[]) {
      expect(flagIds(command)).toContain("help")
      expect(duplicates(flagIds(command))).toEqual([])
    }
  })
})

describe("a value", () => {
  test.each([
    ["refresh", "1", 1],
    ["refresh", "300", 300],
    ["refresh", "007", 7],
    ["refresh", "0", undefined],
    ["refresh", "301", undefined],
    ["refresh", "-1", undefined],
    ["refresh", "1.5", undefined],
    ["refresh", "1e2", undefined],
    ["refresh", "0x10", undefined],
    ["refresh", " 5", undefined],
    ["refresh", "5s", undefined],
    ["refresh", "", undefined],
    ["refresh", "99999999999999999999", undefined],
    ["port", "65535", 65535],
    ["port", "65536", undefined],
    ["proto", "udp", "udp"],
    ["proto", "TCP", undefined],
    ["interface", "007", "007"],
    ["interface", "", undefined],
    ["json", "true", true],
    ["json", "false", false],
    ["json", "yes", undefined],
  ] as const)("--%s %p is %p", (id, text, value) => {
    const reading = readFlag(flags[id], text)
    expect(reading.ok ? reading.value : undefined).toBe(value)
  })

  test("a refusal says what is wanted", () => {
    expect(readFlag(flags.refresh, "0")).toEqual({ ok: false, expected: "takes a whole number from 1 to 300" })
    expect(readFlag(flags.proto, "x")).toEqual({ ok: false, expected: "takes tcp, udp or all" })
  })
})

test("the sentence names range and default", () => {
  expect(flagSentence(flags.refresh)).toBe("time between two looks at the host, 1 to 300 (default 30)")
  expect(flagSentence(flags.proto)).toBe("protocol: tcp, udp or all (default tcp)")
  expect(flagSentence(flags.json)).toBe(flags.json.sentence)
})
