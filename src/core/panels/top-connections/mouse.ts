/** Clicks and the wheel inside Top Connections. */
import type { Facts } from "../../app/facts.ts"
import type { MouseAt } from "../../app/panel.ts"
import type { Size } from "../../text/line.ts"
import { headHeight, pageRows } from "./page.ts"
import { sortFieldAt } from "./shape.ts"
import { rowCount, type TopConnections, windowTop } from "./state.ts"
import type { TopConnectionsAction } from "./update.ts"

const WHEEL_ROWS = 3

/** The wheel scrolls, a click on a row selects it, one on a column title sorts by that column where that can be done. */
export function hitTest(
  slice: TopConnections,
  facts: Facts,
  size: Size,
  at: MouseAt,
): TopConnectionsAction | undefined {
  if (at.kind !== "click")
    return { type: "top-connections/scroll", by: at.kind === "wheel-up" ? -WHEEL_ROWS : WHEEL_ROWS }
  if (rowCount(slice) === 0) return undefined
  const page = pageRows(facts, size)
  const row = at.y - headHeight(facts)
  if (row === -1) {
    const field = sortFieldAt(slice, size.width, at.x)
    return field === undefined ? undefined : { type: "top-connections/sort", field }
  }
  const wanted = windowTop(slice, page, rowCount(slice)) + row
  return row < 0 || row >= page || wanted >= rowCount(slice)
    ? undefined
    : { type: "top-connections/select", at: wanted }
}
