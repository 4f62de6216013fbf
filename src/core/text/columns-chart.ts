/** Values as columns of cells, several lines high: eight steps a line. */

const steps = " ▁▂▃▄▅▆▇█"

/** One text a line, the upper first. The highest value fills its column; a value that is not known is blank. */
export function columnsChart(values: readonly (number | undefined)[], height: number): readonly string[] {
  const highest = Math.max(0, ...values.map((value) => value ?? 0))
  return Array.from({ length: height }, (_, y) =>
    values.map((value) => cell(value, highest, height - 1 - y, height)).join(""),
  )
}

/** `floor` is the number of whole lines below this one. What is there is seen, however little. */
function cell(value: number | undefined, highest: number, floor: number, height: number): string {
  if (value === undefined) return " "
  const filled = highest <= 0 ? 0 : Math.round((value / highest) * height * 8)
  return steps[Math.min(8, Math.max(floor === 0 ? 1 : 0, filled - floor * 8))]!
}
