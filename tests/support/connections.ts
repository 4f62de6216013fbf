/** Builder: the connections of two looks, as the model derives them. */
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import type { Connections } from "../../src/core/model/connections.ts"
import { deriveModel } from "../../src/core/model/model.ts"
import { createRateTable } from "../../src/core/model/rates.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import type { Owner } from "../../src/core/sample/owners.ts"
import { missing, reading, type Sample } from "../../src/core/sample/sample.ts"
import type { SocketTable } from "../../src/core/sample/socket-table.ts"
import { type SocketSpec, tableOf } from "./sockets.ts"

/** A socket of the second look; `process` and `pid` say who holds it. */
export interface ConnectionSpec extends SocketSpec {
  process?: string
  pid?: number
  isInferred?: boolean
  /** Counters of the first look; absent: born since. */
  before?: { acked: number; received: number }
}

export const owner = (name: string, pid = 100, isSure = true): Owner => ({
  pid,
  startTime: 1,
  name,
  isSure,
  sharerCount: 1,
})

/** With `isFirst` there was no look before. */
export function connectionsOf(
  specs: readonly ConnectionSpec[],
  { elapsedMs = 1000, isFirst = false }: { elapsedMs?: number; isFirst?: boolean } = {},
): Connections {
  const withCookies = specs.map((spec, i) => ({ ...spec, cookie: BigInt(i + 1) }))
  const owners: Owner[] = []
  const table = tableOf(withCookies.map(socketOf))
  for (const [row, { process, pid, isInferred }] of withCookies.entries()) {
    if (process === undefined) continue
    table.owner[row] = owners.length
    owners.push(owner(process, pid, isInferred !== true))
  }
  const first = tableOf(
    withCookies.filter((spec) => spec.before !== undefined).map((spec) => ({ ...socketOf(spec), ...spec.before })),
  )
  const ownersBefore = table.owner.slice()
  linkPrevious(table, first)
  table.owner.set(ownersBefore)
  const second = sampleOf(table, owners, 1_000_000)
  const previous = isFirst ? {} : { previous: sampleOf(first, [], 1_000_000 - elapsedMs) }
  const model = deriveModel({ sample: second, ...previous, into: createRateTable(), thresholds: defaultThresholds })
  if (!model.connections.ok) throw new Error(model.connections.reason)
  return model.connections.value
}

const socketOf = ({ process: _, pid: _pid, isInferred: _inferred, before: _before, ...socket }: ConnectionSpec) =>
  socket

const unread = missing("not part of this test")

export const sampleOf = (table: SocketTable, owners: readonly Owner[], monotonicMs: number): Sample => ({
  at: 1_772_949_390_196,
  monotonicMs,
  sockets: reading({ table, owners, isComplete: true }),
  counters: unread,
  socketStatistics: unread,
  softnet: unread,
  interface: unread,
  addresses: unread,
  conntrack: unread,
  own: unread,
  load: unread,
  notes: [],
})
