/** The selection follows the row, not its number: a row has an identity that outlives a look. */
import type { Facts } from "../../app/facts.ts"
import { cookieOf, processNameAt } from "../../model/connections.ts"
import { addPoint, type RatePoint, ratePoint } from "../../model/trail.ts"
import { findRows } from "./rows.ts"
import { type Rows, rowCount, type TopConnections } from "./state.ts"

/** New rows for a new model; a fact that rows do not depend on (the mask) leaves them as they are. */
export const refreshRows = (slice: TopConnections, facts: Facts): TopConnections =>
  facts.model?.connections.ok === true && facts.model.connections.value === slice.rows?.connections
    ? slice
    : withTrail(followSelection(slice, facts), facts)

/** Adds the rates of the row under the cursor to those of the looks before, while it is the same row. */
function withTrail(slice: TopConnections, { source }: Facts): TopConnections {
  // Records are looked at in any order: what was shown before is not what was before.
  if (source === "replay") return slice
  const { rows, cursor, trail, isGone } = slice
  if (rows === undefined || isGone || rowCount(slice) === 0) return slice
  const of = identityAt(rows, cursor)
  return { ...slice, trail: { of, points: addPoint(trail?.of === of ? trail.points : [], pointAt(rows, cursor)) } }
}

function pointAt({ connections, listed, groups }: Rows, at: number): RatePoint {
  const { rates, elapsedMs } = connections
  const perSecond = (bytes: number) => (elapsedMs === undefined ? undefined : (bytes * 1000) / elapsedMs)
  const [from, index] = groups === undefined ? [rates, listed[at]!] : [groups.table, groups.order[at]!]
  return ratePoint(perSecond(from.txBytes[index]!), perSecond(from.rxBytes[index]!))
}

/** The rows of the new model (or of the new query), with the cursor on the row it was on. */
export function followSelection(slice: TopConnections, facts: Facts): TopConnections {
  const { model } = facts
  if (model === undefined) return slice
  if (!model.connections.ok) {
    const { rows: _, ...rest } = slice
    return { ...rest, failure: model.connections.reason, cursor: 0, top: 0 }
  }
  const { failure: _, ...rest } = slice
  const rows = findRows(model.connections.value, slice, facts.settings.ownPid)
  return place({ ...rest, rows })
}

/** Puts the cursor on the selected row; where that row is gone, the cursor stays and the slice says so. */
function place(slice: TopConnections): TopConnections {
  const last = Math.max(0, rowCount(slice) - 1)
  if (slice.selected === undefined || slice.rows === undefined) return { ...slice, cursor: 0, isGone: false }
  const at = positionOf(slice.rows, slice.selected)
  if (at < 0) return { ...slice, cursor: Math.min(slice.cursor, last), isGone: true }
  return { ...slice, cursor: at, isGone: false }
}

/** Moves the cursor to a row by number and remembers which row that is. */
export function selectAt(slice: TopConnections, wanted: number): TopConnections {
  const total = rowCount(slice)
  if (slice.rows === undefined || total === 0) return slice
  const cursor = Math.min(Math.max(0, wanted), total - 1)
  const selected = identityAt(slice.rows, cursor)
  return cursor === slice.cursor && selected === slice.selected ? slice : { ...slice, cursor, selected, isGone: false }
}

/** The connection row behind a place in the order: the connection itself, or one of the group's. */
export const connectionRowAt = ({ listed, groups }: Rows, at: number): number | undefined =>
  groups === undefined ? listed[at] : groups.table.row[groups.order[at] ?? -1]

/** A connection is named by its cookie; a group by its peer's four words, its port where one port is one group, its process. */
export function identityAt(rows: Rows, at: number): string {
  const row = connectionRowAt(rows, at)
  if (row === undefined) return ""
  const { table } = rows.connections
  if (rows.groups === undefined) return cookieOf(table, row).toString()
  const words = table.remoteAddress.subarray(row * 4, row * 4 + 4)
  const port = rows.isByPort ? `${rows.groups.table.port[rows.groups.order[at]!]} ` : ""
  return `${words.join(" ")} ${port}${processNameAt(rows.connections, row)}`
}

/** Where the row of this identity stands, or -1. Compares numbers, since there may be 100,000 rows. */
export function positionOf(rows: Rows, identity: string): number {
  const { table } = rows.connections
  const total = rows.groups?.order.length ?? rows.listed.length
  const parts = identity.split(" ")
  if (rows.groups === undefined) {
    if (parts.length !== 1) return -1
    const cookie = BigInt(identity)
    const low = Number(cookie & 0xffffffffn)
    const high = Number(cookie >> 32n)
    for (let at = 0; at < total; at++) {
      const row = rows.listed[at]!
      if (table.cookieLow[row] === low && table.cookieHigh[row] === high) return at
    }
    return -1
  }
  if (parts.length < 5) return -1
  const [a, b, c, d] = parts.slice(0, 4).map(Number)
  for (let at = 0; at < total; at++) {
    const row = rows.groups.table.row[rows.groups.order[at]!]!
    const { remoteAddress } = table
    const isPeer =
      remoteAddress[row * 4 + 3] === d &&
      remoteAddress[row * 4] === a &&
      remoteAddress[row * 4 + 1] === b &&
      remoteAddress[row * 4 + 2] === c
    if (isPeer && identityAt(rows, at) === identity) return at
  }
  return -1
}
