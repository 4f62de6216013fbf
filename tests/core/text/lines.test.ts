/** Boxes, layers and tables: the result has exactly the cells it was asked for, whatever is put into it. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { box, fitLine, fitLines } from "../../../src/core/text/box.ts"
import { cells, cutLine, layer, lineWidth } from "../../../src/core/text/layer.ts"
import { type Line, line, plainText, type Span, span } from "../../../src/core/text/line.ts"
import { scrolled, windowNote } from "../../../src/core/text/scroll.ts"
import { type Column, columnAt, columnWidths, tableHead, tableRow } from "../../../src/core/text/table.ts"
import { harmless } from "../../../src/core/text/width.ts"
import { text, width } from "./arbitrary.ts"

const tone = fc.constantFrom("plain" as const, "muted" as const, "strong" as const, "crit" as const)
const piece: fc.Arbitrary<Span> = fc.record({ text: text.map(harmless), tone })
const content: fc.Arbitrary<Line> = fc.array(piece, { maxLength: 6 })
const picture = fc.array(content, { maxLength: 12 })
const height = fc.integer({ min: 0, max: 12 })

function isExactly(lines: readonly Line[], size: { width: number; height: number }): void {
  expect(lines.length).toBe(size.height)
  for (const each of lines) expect(lineWidth(each)).toBe(size.width)
}

describe("box", () => {
  test("is exactly as large as asked from two cells up, whatever stands in it", () => {
    const size = fc.record({ width: fc.integer({ min: 2, max: 60 }), height: fc.integer({ min: 2, max: 14 }) })
    fc.assert(
      fc.property(picture, size, text, text, (lines, asked, title, note) =>
        isExactly(box(lines, asked, { title: harmless(title), note: harmless(note), hasFocus: true }), asked),
      ),
    )
  })

  test("has its title at the left and its note at the right", () => {
    const lines = box(
      [line("inside"), line("too long to stand inside")],
      { width: 30, height: 4 },
      {
        title: "Top Incoming",
        note: "1-12 of 40",
        hasFocus: false,
      },
    )
    expect(`\n${plainText(lines)}\n`).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ─────────────┐
      │inside                      │
      │too long to stand inside    │
      └────────────────────────────┘
      "
    `)
  })

  test("leaves out a note it has no room for, and cuts the title", () => {
    const top = (cellsWide: number) =>
      plainText(box([], { width: cellsWide, height: 2 }, { title: "Top Incoming", note: "1-12 of 40", hasFocus: true }))
        .split("\n")
        .at(0)!
    expect([top(28), top(12), top(2)]).toMatchInlineSnapshot(`
      [
        "┌─ Top Incoming ───────────┐",
        "┌─ Top Inc…┐",
        "┌┐",
      ]
    `)
  })
})

describe("lines", () => {
  test("fitLines gives exactly the cells asked for", () => {
    fc.assert(
      fc.property(picture, width, height, (lines, w, h) =>
        isExactly(fitLines(lines, { width: w, height: h }), { width: w, height: h }),
      ),
    )
  })

  test("a cut line is never wider than asked, and one that fits is unchanged", () => {
    fc.assert(
      fc.property(content, width, (given, cellsWide) => {
        expect(lineWidth(cutLine(given, cellsWide))).toBeLessThanOrEqual(cellsWide)
        if (lineWidth(given) <= cellsWide) expect(cutLine(given, cellsWide)).toEqual([...given])
      }),
    )
  })

  test("the two parts of a line cut anywhere are as wide as the whole, even through a wide character", () => {
    fc.assert(
      fc.property(content, width, (given, at) => {
        const total = lineWidth(given)
        const edge = Math.min(at, total)
        expect(lineWidth(cells(given, 0, edge))).toBe(edge)
        expect(lineWidth(cells(given, edge, total))).toBe(total - edge)
      }),
    )
  })

  test("a selected row is inverse to its end", () => {
    const selected = fitLine([{ text: "row", tone: "plain", isInverse: true }], 6)
    expect(selected.every((part) => part.isInverse === true)).toBe(true)
  })
})

describe("layer", () => {
  test("keeps the size of what is under it, wherever the upper one stands", () => {
    const inside = fc.record({ x: width, y: height, width, height })
    fc.assert(
      fc.property(picture, picture, inside, (below, above, { x, y, width: w, height: h }) => {
        const size = { width: 60, height: 12 }
        const area = { x: Math.min(x, 60 - w), y: Math.min(y, 12 - h), width: w, height: h }
        isExactly(layer(fitLines(below, size), fitLines(above, area), area), size)
      }),
    )
  })

  test("a wide character under an edge leaves a blank", () => {
    const under = [line("漢漢漢")]
    expect(plainText(layer(under, [line("ab")], { x: 1, y: 0, width: 2, height: 1 }))).toBe(" ab 漢")
  })
})

describe("table", () => {
  interface Row {
    name: string
    size: number
  }
  const columns: readonly Column<Row>[] = [
    { id: "name", title: "NAME", width: "rest", cell: ({ name }) => harmless(name) },
    { id: "size", title: "SIZE", width: 6, align: "right", cell: ({ size }) => String(size), tone: () => "muted" },
  ]

  test("heading and rows are exactly as wide as the table from the width its columns need", () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 7, max: 60 }), fc.boolean(), (name, size, wide, isSelected) => {
        const widths = columnWidths(columns, wide)
        expect(lineWidth(tableHead(columns, widths))).toBe(wide)
        expect(lineWidth(tableRow(columns, widths, { name, size }, isSelected))).toBe(wide)
      }),
    )
  })

  test("the sort mark moves no title", () => {
    const widths = columnWidths(columns, 20)
    const heads = [undefined, "name", "size"].map((column) =>
      plainText([tableHead(columns, widths, column === undefined ? undefined : { columns: [column], mark: "↓" })]),
    )
    expect(heads).toEqual(["NAME            SIZE", "NAME↓           SIZE", "NAME           ↓SIZE"])
  })

  test("a selected row is one bar: nothing in it is muted", () => {
    const row = tableRow(columns, columnWidths(columns, 20), { name: "a", size: 1 }, true)
    expect(row.map((part) => [part.tone, part.isInverse])).toEqual([
      ["plain", true],
      ["plain", true],
    ])
  })

  test("knows which column stands at a cell", () => {
    const widths = columnWidths(columns, 20)
    expect([0, 12, 13, 14, 19, 20, -1].map((x) => columnAt(columns, widths, x))).toEqual([
      "name",
      "name",
      undefined,
      "size",
      "size",
      undefined,
      undefined,
    ])
  })
})

describe("a window over lines", () => {
  test("stays inside, and says where it is only when there is more than it shows", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: -60, max: 60 }), fc.nat(20), fc.nat(50), (top, by, page, total) => {
        const at = scrolled(top, by, page, total)
        expect(at).toBeGreaterThanOrEqual(0)
        expect(at).toBeLessThanOrEqual(Math.max(0, total - page))
      }),
    )
    expect([windowNote(0, 10, 10), windowNote(0, 10, 1200), windowNote(5000, 10, 1200)]).toEqual([
      "",
      "1-10 of 1,200",
      "1,191-1,200 of 1,200",
    ])
  })
})

test("plainText joins spans and lines", () => {
  expect(plainText([line("a", span("b", "crit")), line("c")])).toBe("ab\nc")
})
