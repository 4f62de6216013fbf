import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { editField, type Field, field, insertText } from "../../../src/core/text/field.ts"
import { fieldLine } from "../../../src/core/text/field-view.ts"
import { lineWidth } from "../../../src/core/text/layer.ts"
import { plainText } from "../../../src/core/text/line.ts"
import { text } from "./arbitrary.ts"

/** `ab|c` is the text `abc` with the cursor before `c`. */
const at = (picture: string): Field => {
  const [before, after] = picture.split("|") as [string, string]
  return { text: before + after, cursor: [...before].length }
}
const picture = ({ text: typed, cursor }: Field) => {
  const characters = [...typed]
  return `${characters.slice(0, cursor).join("")}|${characters.slice(cursor).join("")}`
}

test.each([
  ["a character", "ab|", ["c"], "abc|"],
  ["a character in the middle", "a|c", ["b"], "ab|c"],
  ["a blank", "a|b", ["space"], "a |b"],
  ["a capital and a sign", "|", ["B", "!"], "B!|"],
  ["a wide character", "|", ["漢"], "漢|"],
  ["left and right stop at the ends", "|a", ["left", "right", "right", "right"], "a|"],
  ["home and end", "a|b", ["home"], "|ab"],
  ["end", "a|b", ["end"], "ab|"],
  ["backspace", "ab|c", ["backspace"], "a|c"],
  ["backspace at the start", "|c", ["backspace"], "|c"],
  ["backspace takes a whole emoji", "a🚀|", ["backspace"], "a|"],
  ["delete", "a|bc", ["delete"], "a|c"],
  ["delete at the end", "a|", ["delete"], "a|"],
  ["to the start and away", "foo ba|r", ["ctrl+u"], "|r"],
  ["to the end and away", "foo ba|r", ["ctrl+k"], "foo ba|"],
  ["the word before", "foo bar |baz", ["ctrl+w"], "foo |baz"],
  ["start and end of the line", "ab|c", ["ctrl+a"], "|abc"],
  ["end of the line", "ab|c", ["ctrl+e"], "abc|"],
] as const)("%s", (_, before, chords, after) => {
  expect(picture(chords.reduce<Field>(editField, at(before)))).toBe(after)
})

test.each(["f5", "pageup", "alt+x", "ctrl+q", "shift+tab"])("%s changes nothing", (chord) => {
  const before = at("a|b")
  expect(editField(before, chord)).toBe(before)
})

test("a paste is text: its newlines and escape sequences submit nothing", () => {
  expect(picture(insertText(at("a|d"), "b\r\n\x1b[Ac"))).toBe("ab [Ac|d")
  const before = at("a|")
  expect(insertText(before, "\n\t\x7f")).toBe(before)
})

test.each([
  ["nginx\nsshd", "nginx sshd"],
  ["  nginx  \r\n\r\n\tsshd\n", "nginx sshd"],
  ["198.51.100.24\n", "198.51.100.24"],
  ["a\u2028b\vc", "a b c"],
  [" one line keeps its blanks ", " one line keeps its blanks "],
])("of several lines the words stay apart: %j", (pasted, text) => expect(insertText(field(), pasted).text).toBe(text))

test("a field has an end, also for a large paste", () => {
  expect([...insertText(field("x"), "y".repeat(10_000)).text].length).toBe(200)
  expect(insertText(field("z".repeat(200)), "more").text).toBe("z".repeat(200))
})

const chord = fc.constantFrom(
  "a",
  "漢",
  "space",
  "left",
  "right",
  "home",
  "end",
  "backspace",
  "delete",
  "ctrl+w",
  "ctrl+k",
  "ctrl+u",
)

test("a key with the name of what every object inherits changes nothing", () => {
  expect(editField(field("ab"), "toString")).toEqual(field("ab"))
})

test("the cursor stays inside the text, whatever is typed and pasted", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(chord, text)), (typed) => {
      const end = typed.reduce<Field>(
        (now, each) => (each.length < 9 ? editField(now, each) : insertText(now, each)),
        field(),
      )
      expect(end.cursor).toBeGreaterThanOrEqual(0)
      expect(end.cursor).toBeLessThanOrEqual([...end.text].length)
    }),
  )
})

describe("on the screen", () => {
  test("is never wider than its room, and always shows its cursor where a character fits", () => {
    fc.assert(
      fc.property(text, fc.nat(30), fc.integer({ min: 0, max: 40 }), (typed, cursor, room) => {
        const shown = fieldLine({ text: typed, cursor: Math.min(cursor, [...typed].length) }, room)
        expect(lineWidth(shown)).toBeLessThanOrEqual(room)
        if (room >= 2) expect(shown.some((part) => part.isInverse === true && part.text !== "")).toBe(true)
      }),
    )
  })

  test("scrolls with the cursor", () => {
    const shown = (cursor: number) => plainText([fieldLine({ text: "abcdefghij", cursor }, 5)])
    expect([shown(0), shown(4), shown(7), shown(10)]).toEqual(["abcde", "abcde", "defgh", "ghij "])
  })
})
