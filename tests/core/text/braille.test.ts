import { expect, test } from "bun:test"
import fc from "fast-check"
import { createDots, curve, dotRows, drawLine, type Series, setDot } from "../../../src/core/text/braille.ts"
import { cellWidth } from "../../../src/core/text/width.ts"

const everySecond = (...values: readonly number[]): Series => ({ at: values.map((_, i) => i * 1000), values })
const picture = (rows: readonly string[]) => `\n${rows.map((row) => `|${row}|`).join("\n")}\n`

test("each dot has its own bit, in the order of Unicode", () => {
  const seen = Array.from({ length: 8 }, (_, i) => {
    const dots = createDots({ width: 1, height: 1 })
    setDot(dots, i % 2, i >> 1)
    return dotRows(dots)[0]
  })
  expect(seen.join("")).toBe("⠁⠈⠂⠐⠄⠠⡀⢀")
})

test("dots outside the field are left out", () => {
  const dots = createDots({ width: 1, height: 1 })
  for (const [x, y] of [
    [-1, 0],
    [2, 0],
    [0, -1],
    [0, 4],
  ] as const)
    setDot(dots, x, y)
  expect(dotRows(dots)).toEqual([" "])
})

test("a line has both its ends, whichever comes first", () => {
  const dots = createDots({ width: 4, height: 2 })
  drawLine(dots, [7, 0], [0, 7])
  expect(picture(dotRows(dots))).toMatchInlineSnapshot(`
    "
    |  ⡠⠊|
    |⡠⠊  |
    "
  `)
})

test("a rise is one joined line from 0 at the bottom to the top", () => {
  const range = { from: 0, to: 4000, top: 4, gapMs: 1500 }
  expect(picture(curve(everySecond(0, 1, 2, 3, 4), range, { width: 10, height: 5 }))).toMatchInlineSnapshot(`
    "
    |        ⡠⠊|
    |      ⡠⠊  |
    |    ⡠⠊    |
    |  ⡠⠊      |
    |⡠⠊        |
    "
  `)
})

test("a steep edge does not tear", () => {
  const range = { from: 0, to: 4000, top: 10, gapMs: 1500 }
  expect(picture(curve(everySecond(0, 0, 10, 0, 0), range, { width: 10, height: 4 }))).toMatchInlineSnapshot(`
    "
    |    ⢠⢣    |
    |    ⡎⠘⡄   |
    |   ⡸  ⢣   |
    |⣀⣀⣠⠃  ⠘⣄⣀⣀|
    "
  `)
})

test("what is not known, and what was not read, stays open", () => {
  const range = { from: 0, to: 9000, top: 2, gapMs: 1500 }
  const unknown = everySecond(1, 1, 1, Number.NaN, Number.NaN, Number.NaN, 1, 1, 1, 1)
  const unread: Series = { at: [0, 1000, 2000, 6000, 7000, 8000, 9000], values: [1, 1, 1, 1, 1, 1, 1] }
  const rows = curve(unknown, range, { width: 20, height: 1 })
  expect(picture(rows)).toMatchInlineSnapshot(`
    "
    |⠒⠒⠒⠒⠒        ⠒⠒⠒⠒⠒⠒⠒|
    "
  `)
  expect(curve(unread, range, { width: 20, height: 1 })).toEqual(rows)
})

test("a curve comes in over the left edge, and what is too high stays at the top", () => {
  const range = { from: 2500, to: 6000, top: 2, gapMs: 1500 }
  expect(picture(curve(everySecond(0, 0, 1, 1, 9, 9, 1), range, { width: 8, height: 2 }))).toMatchInlineSnapshot(`
    "
    |⣀⡠⠒⠉⠉⠉⠢⢄|
    |        |
    "
  `)
})

test("whatever is drawn: as many rows as asked, each exactly as wide, of blanks and Braille", () => {
  const number = fc.oneof(fc.double({ min: 0, max: 1e15 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0))
  const size = fc.record({ width: fc.integer({ min: -2, max: 60 }), height: fc.integer({ min: -2, max: 20 }) })
  const range = fc.record({
    from: fc.integer({ min: 0, max: 50_000 }),
    to: fc.integer({ min: 0, max: 50_000 }),
    top: fc.double({ min: 0, max: 1e15 }),
    gapMs: fc.nat(5_000),
  })
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), range, size, (values, each, room) => {
      const rows = curve(everySecond(...values), each, room)
      expect(rows.length).toBe(Math.max(0, room.height))
      for (const row of rows) {
        expect(cellWidth(row)).toBe(Math.max(0, room.width))
        expect(row).toMatch(/^[ \u2801-\u28ff]*$/)
      }
    }),
    { seed: 28 },
  )
})
