import { describe, expect, test } from "bun:test"
import { type Column, columnWidths, tableHead } from "../../../src/core/text/table.ts"

const column = (id: string, title: string, width: number, align: "left" | "right"): Column<unknown> => ({
  id,
  title,
  width,
  align,
  cell: () => "",
})
const columns = [
  column("name", "NAME", 6, "left"),
  column("port", "PORT", 4, "right"),
  column("peer", "PEER", 4, "left"),
  column("end", "END", 5, "right"),
]
const head = (...sorted: string[]) =>
  tableHead(columns, columnWidths(columns, 22), { columns: sorted, mark: "↓" })
    .map(({ text }) => text)
    .join("")

describe("the mark of what is sorted", () => {
  test.each([
    [["name"], "NAME↓  PORT PEER   END"],
    [["port"], "NAME  ↓PORT PEER   END"],
    [["peer"], "NAME   PORT PEER↓  END"],
    [["end"], "NAME   PORT PEER  ↓END"],
    [["port", "peer"], "NAME  ↓PORT PEER↓  END"],
    [[], "NAME   PORT PEER   END"],
  ])("%j moves no title and cuts none", (sorted, shown) => expect(head(...sorted)).toBe(shown))
})
