/** Where the rows of a line belong: the network namespace that is not the host's, and the unit or container. */
import { type Connections, cgroupOf } from "../model/connections.ts"
import type { GroupTable } from "../model/groups.ts"

export interface Place {
  /** Absent: the host's. */
  readonly netns?: string
  /** Absent also where the connections of a row are not all of one. */
  readonly unit?: string
}

/** Of each group in `kept`, in that order. The connections of a group are in one namespace. `rows` were joined to `groups`. */
export function placesOf(
  connections: Connections,
  rows: Uint32Array,
  groups: GroupTable,
  kept: readonly number[],
): readonly Place[] {
  const { cgroupId, owner, namespace } = connections.table
  const unitOf = (row: number) => cgroupOf(connections, row)?.unit
  const isMixed = new Uint8Array(groups.length)
  const isKept = new Uint8Array(groups.length)
  for (const group of kept) isKept[group] = 1
  for (let i = 0; i < rows.length; i++) {
    const group = groups.groupOf[i]!
    if (isKept[group] === 0 || isMixed[group] === 1) continue
    const row = rows[i]!
    const first = groups.row[group]!
    if (cgroupId[row] === cgroupId[first] && owner[row] === owner[first]) continue
    if (unitOf(row) !== unitOf(first)) isMixed[group] = 1
  }
  return kept.map((group) => {
    const row = groups.row[group]!
    const netns = namespace[row] === 0 ? undefined : connections.namespaces?.[namespace[row]!]?.name
    const unit = isMixed[group] === 1 ? undefined : unitOf(row)
    return { ...(netns === undefined ? {} : { netns }), ...(unit === undefined ? {} : { unit }) }
  })
}
