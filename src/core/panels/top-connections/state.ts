/** What Top Connections remembers: what is asked for, and the rows that answer it. */
import type { Connections, Side } from "../../model/connections.ts"
import type { GroupTable } from "../../model/groups.ts"
import type { Trail } from "../../model/trail.ts"
import type { Field } from "../../text/field.ts"

/** `services` are connections joined by peer, service port and process: what the rows of a record are. */
export type ViewName = "connections" | "groups" | "services"
export type SortField = "bandwidth" | "connections" | "port"

export interface Sort {
  readonly field: SortField
  readonly isDescending: boolean
}

/** In the order that one key goes through. */
export const protocols = ["tcp", "udp", "all"] as const
export type Protocol = (typeof protocols)[number]

/** Which connections are listed, and in which order. */
export interface Query {
  readonly side: Side
  readonly protocol: Protocol
  readonly view: ViewName
  /** Each view keeps its own order. */
  readonly sorts: Readonly<Record<ViewName, Sort>>
  /** Local port for IN, remote port for OUT. */
  readonly port?: number
  /** Words that must all be found; one with `!` in front must not. */
  readonly search: string
}

/** The rows that answer the query: indexes of connections, or of groups. */
export interface Rows {
  readonly connections: Connections
  /** The connections that pass the filters; in the connections view in the order they are shown. */
  readonly listed: Uint32Array
  /** In the other views: the groups of `listed`, and their order. */
  readonly groups?: { readonly table: GroupTable; readonly order: Uint32Array }
  /** A group has one service port. */
  readonly isByPort?: boolean
}

export interface Prompt {
  readonly kind: "port" | "search"
  readonly field: Field
  readonly problem?: string
}

export interface TopConnections extends Query {
  readonly rows?: Rows
  /** Why there are no rows, when sockets could not be read. */
  readonly failure?: string
  /** Identity of the selected row. Absent until the operator selects: the first row is then selected, whichever it is. */
  readonly selected?: string
  /** Where the selected row stands in the order. */
  readonly cursor: number
  /** The row that was selected is no longer there; the cursor stays where it was. */
  readonly isGone: boolean
  /** First row of the window; the view moves it so that the cursor is seen. */
  readonly top: number
  readonly prompt?: Prompt
  /** The rates of the row under the cursor, look after look; `of` is its identity. */
  readonly trail?: { readonly of: string; readonly points: Trail }
}

export const initial: TopConnections = {
  side: "in",
  protocol: "tcp",
  view: "connections",
  sorts: {
    connections: { field: "bandwidth", isDescending: true },
    groups: { field: "connections", isDescending: true },
    services: { field: "bandwidth", isDescending: true },
  },
  search: "",
  cursor: 0,
  isGone: false,
  top: 0,
}

/** A record keeps no single connections, and does not tell TCP and UDP apart. */
export const initialInReplay: TopConnections = { ...initial, view: "services", protocol: "all" }

/** Rows that are shown one below the other: connections or groups. */
export const rowCount = ({ rows }: TopConnections): number => rows?.groups?.order.length ?? rows?.listed.length ?? 0

/** The first row of a window of `page` rows in which the cursor is seen. */
export function windowTop({ top, cursor }: TopConnections, page: number, total: number): number {
  const seen = Math.min(Math.max(top, cursor - page + 1), cursor)
  return Math.max(0, Math.min(seen, total - page))
}
