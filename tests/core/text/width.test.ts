import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { cellWidth, cut, fit, harmless, wrap } from "../../../src/core/text/width.ts"
import { text, width } from "./arbitrary.ts"

const places = fc.constantFrom("end" as const, "start" as const, "middle" as const)
const characters = (value: string) => [...value]

describe("harmless", () => {
  test.each([
    ["plain text stays", "nginx: worker", "nginx: worker"],
    ["markup is text", "[red]x[/red]", "[red]x[/red]"],
    ["an escape sequence is seen, not obeyed", "\x1b[31mroot\x1b[0m", "␛[31mroot␛[0m"],
    ["a tab is one cell", "a\tb", "a␉b"],
    ["a newline does not end the row", "a\r\nb", "a␍␊b"],
    ["NUL and DEL", "\0\x7f", "␀␡"],
    ["C1 controls, CSI in one byte among them", "\x9b31m", "·31m"],
    ["text cannot be turned round", "user\u202egnp.exe", "user·gnp.exe"],
    ["nothing is hidden", "a\u200bb\u2060c\ufeffd", "a·b·c·d"],
    ["combining marks do not pile up", "e\u0301\u0302", "e··"],
    ["CJK stays", "漢字", "漢字"],
    ["emoji stay", "🚀", "🚀"],
    ["a family is taken apart", "👩\u200d👧", "👩·👧"],
    ["a flag has no halves", "🇩🇪", "··"],
    ["a skin tone does not change a width", "👍🏽", "👍·"],
    ["inner letters of Hangul", "\u1100\u1161\u11a8", "\u1100··"],
    ["a name cut inside a character", "caf\ufffd", "caf\ufffd"],
    ["half a surrogate pair", "a\ud83d", "a·"],
  ])("%s", (_, given, shown) => expect(harmless(given)).toBe(shown))

  test("one character stays one character, so a cursor counts the same", () => {
    fc.assert(fc.property(text, (given) => characters(harmless(given)).length === characters(given).length))
  })

  test("nothing that a terminal obeys survives, and cleaning twice changes nothing", () => {
    fc.assert(
      fc.property(text, (given) => {
        const shown = harmless(given)
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/)
        expect(harmless(shown)).toBe(shown)
      }),
    )
  })

  test("the width of the whole is the sum of its characters", () => {
    fc.assert(
      fc.property(text, (given) => {
        const shown = harmless(given)
        const sum = characters(shown).reduce((total, character) => total + cellWidth(character), 0)
        expect(cellWidth(shown)).toBe(sum)
      }),
    )
  })
})

describe("cut and fit", () => {
  test.each([
    ["what fits is left alone", "nginx", 5, "end", "nginx"],
    ["names lose their end", "prometheus", 6, "end", "prome…"],
    ["paths lose their start", "/var/lib/docker", 8, "start", "…/docker"],
    ["endpoints keep their port", "198.51.100.24:51822", 14, "middle", "198.51.…:51822"],
    ["IPv6 keeps bracket and port", "[2001:db8:1:2:3:4:5:6]:443", 12, "middle", "[2001:…]:443"],
    [
      "and the end of its address where there is room",
      "[2001:db8:1:2:3:4:5:6]:443",
      18,
      "middle",
      "[2001:…:4:5:6]:443",
    ],
    ["where not even the port fits, the end goes", "10.0.0.1:51822", 6, "middle", "10.0.…"],
    ["one cell is the sign alone", "nginx", 1, "end", "…"],
    ["no cell is nothing", "nginx", 0, "end", ""],
    ["never half a character", "漢字漢字", 4, "end", "漢…"],
  ] as const)("%s", (_, given, cells, where, shown) => expect(cut(given, cells, where)).toBe(shown))

  test("cut is never wider than asked, and leaves alone what fits", () => {
    fc.assert(
      fc.property(text, width, places, (given, cells, where) => {
        const shown = cut(harmless(given), cells, where)
        expect(cellWidth(shown)).toBeLessThanOrEqual(cells)
        if (cellWidth(harmless(given)) <= cells) expect(shown).toBe(harmless(given))
      }),
    )
  })

  test("fit is exactly as wide as asked", () => {
    fc.assert(
      fc.property(
        text,
        width,
        places,
        fc.constantFrom("left" as const, "right" as const),
        (given, cells, where, side) => expect(cellWidth(fit(harmless(given), cells, side, where))).toBe(cells),
      ),
    )
  })

  test("numbers stand at the right, names at the left", () => {
    expect([fit("12", 5, "right"), fit("ab", 5)]).toEqual(["   12", "ab   "])
  })
})

describe("wrap", () => {
  test("no line is wider than asked, and no word is lost where characters fit", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (given, cells) => {
        const shown = harmless(given)
        const lines = wrap(shown, cells)
        for (const each of lines) expect(cellWidth(each)).toBeLessThanOrEqual(cells)
        expect(lines.join("").replace(/\s/g, "")).toBe(shown.replace(/\s/g, ""))
      }),
    )
  })

  test("splits a word that is longer than a line", () => {
    expect(wrap("a deadbeefdeadbeef b", 8)).toEqual(["a", "deadbeef", "deadbeef", "b"])
  })

  test("a width of nothing, or of less than a character, ends", () => {
    expect([wrap("abc", 0), wrap("漢", 1)]).toEqual([[], []])
  })
})
