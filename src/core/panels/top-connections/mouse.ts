/** Clicks and the wheel inside Top Connections. */
import type { Facts } from "../../app/facts.ts"
import type { MouseAt } from "../../app/panel.ts"
import type { Size } from "../../text/line.ts"
import { rowCount, type TopConnections, windowTop } from "./state.ts"
import type { TopConnectionsAction } from "./update.ts"
import { headHeight, pageRows } from "./view.ts"

const WHEEL_ROWS = 3

export function hitTest(
  slice: TopConnections,
  facts: Facts,
  size: Size,
  at: MouseAt,
): TopConnectionsAction | undefined {
  if (at.kind !== "click")
    return { type: "top-connections/scroll", by: at.kind === "wheel-up" ? -WHEEL_ROWS : WHEEL_ROWS }
  const page = pageRows(slice, facts, size)
  const row = at.y - headHeight(facts)
  const wanted = windowTop(slice, page, rowCount(slice)) + row
  return row < 0 || row >= page || wanted >= rowCount(slice)
    ? undefined
    : { type: "top-connections/select", at: wanted }
}
