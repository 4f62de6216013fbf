/** Connections that began in the window, and the service that most of them are of. */
import type { Owner } from "../sample/owners.ts"
import type { SocketTable } from "../sample/socket-table.ts"
import { type Subject, subjectOf } from "./survey-subject.ts"

export interface Births {
  readonly count: number
  /** The service port most of them have: local for those that came in, remote for those we opened. */
  readonly worst?: Subject & { readonly count: number }
}

/** A connection that has ended has no process any more; the one that listens there is who took it. */
export function withListener(
  births: Births,
  table: SocketTable,
  owners: readonly Owner[],
  rows: readonly number[],
): Births {
  const { worst } = births
  if (worst === undefined) {
    // They come and go between two looks: where there is one service only, it is that one.
    const [first] = rows
    const isOnly = first !== undefined && rows.every((row) => table.localPort[row] === table.localPort[first])
    return isOnly ? { ...births, worst: { ...subjectOf(table, owners, first, "port"), count: 0 } } : births
  }
  if (worst.pid !== undefined) return births
  const row = rows.find((each) => table.localPort[each] === worst.port && table.owner[each]! >= 0)
  return row === undefined ? births : { ...births, worst: { ...subjectOf(table, owners, row, "port"), ...worst } }
}

export function birthsOf(
  table: SocketTable,
  owners: readonly Owner[],
  births: ReadonlyMap<number, { count: number; row: number }>,
  net: number,
  side: 0 | 1,
): Births {
  let count = 0
  let worst: { count: number; row: number } | undefined
  for (const [key, group] of births) {
    if (Math.floor(key / 65_536) !== net * 2 + side) continue
    count += group.count
    if (worst === undefined || group.count > worst.count) worst = group
  }
  if (worst === undefined) return { count }
  const { row } = worst
  const owner = owners[table.owner[row]!]
  const process = owner === undefined ? {} : { pid: owner.pid, ...(owner.name === "" ? {} : { process: owner.name }) }
  const port = side === 1 ? { port: table.localPort[row]! } : { peerPort: table.remotePort[row]! }
  return { count, worst: { ...process, ...port, count: worst.count } }
}
