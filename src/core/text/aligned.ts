/** Rows of texts as lines with straight columns, for what is printed and not drawn. */
import { cellWidth, fit } from "./width.ts"

/** `isRight` by column: numbers end where those above them end. */
export function alignedText(rows: readonly (readonly string[])[], isRight: readonly boolean[]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cellWidth(cell))
  return rows.map((row) =>
    row
      .map((cell, i) => fit(cell, widths[i]!, isRight[i] === true ? "right" : "left"))
      .join("  ")
      .trimEnd(),
  )
}
