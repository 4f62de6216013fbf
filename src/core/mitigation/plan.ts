/** What an action would do, said before it is done: the dry run, and the confirmation of a network. */

import { formatEndpoint } from "../wire/address.ts"
import type { Block } from "./block.ts"
import type { Refusal } from "./guards.ts"
import type { Matches, PeerSocket } from "./incoming.ts"
import { setOf, TABLE } from "./ruleset.ts"
import { isHost, peerText, type Target, targetText } from "./target.ts"

export interface Plan {
  readonly target: Target
  /** 0: kill only. */
  readonly minutes: number
  readonly matches: Matches
  /** Flows that would be deleted; absent where that cannot be read. A published port has flows here and no socket. */
  readonly flows?: number
  readonly refusals: readonly Refusal[]
  /** The block of the same target that would be given a new time. */
  readonly existing?: Block
  readonly backend: "kernel" | "exec" | "none"
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`

const peerCount = (sockets: readonly PeerSocket[]) => new Set(sockets.map(({ peerAddress }) => peerAddress)).size

/** How many an action would hit, without a list of them. */
export interface MatchCount {
  readonly connections: number
  readonly peers: number
  /** Connections that this host opened: they stay. */
  readonly outgoing: number
}

export const countMatches = ({ incoming, outgoing }: Matches): MatchCount => ({
  connections: incoming.length,
  peers: peerCount(incoming),
  outgoing: outgoing.length,
})

/** `12 connections of 3 peers`. */
export const countText = ({ connections, peers }: MatchCount): string =>
  connections === 0 ? "no connection" : `${plural(connections, "connection")} of ${plural(peers, "peer")}`

/** How many would be hit: `12 connections of 3 peers`. */
export const matchText = (matches: Matches): string => countText(countMatches(matches))

/** Connections that a dry run lists; more are only counted. */
const LISTED_MAX = 20

/** The dry run in lines. */
export function planLines(plan: Plan): readonly string[] {
  const { target, minutes, matches, flows = 0, refusals, existing } = plan
  const { incoming, outgoing } = matches
  return [
    minutes === 0 ? `would kill ${targetText(target)}` : `would block ${targetText(target)} for ${minutes} min`,
    ...refusals.map(({ reason, override }) => `would be refused: ${reason} (--${override} overrides this)`),
    ...(minutes === 0 ? [] : writtenLines(plan)),
    ...(existing === undefined ? [] : [`block ${existing.id} of the same target would get this time instead`]),
    `would end ${matchText(matches)}`,
    ...incoming.slice(0, LISTED_MAX).map((socket) => `  ${socketText(socket)}`),
    ...(incoming.length > LISTED_MAX ? [`  … and ${incoming.length - LISTED_MAX} more`] : []),
    ...(flows === 0 ? [] : [`would delete ${plural(flows, "flow")} of connection tracking`]),
    ...outgoingLines(plan, outgoing.length),
  ]
}

function writtenLines({ target, minutes, backend }: Plan): readonly string[] {
  if (backend === "none") return ["nothing can be written: neither nf_tables nor iptables can be used here"]
  if (backend === "exec") return [`would write rules of iptables: mangle PREROUTING and OUTPUT, ${targetText(target)}`]
  const { kind, name } = setOf(target)
  const ports = target.port === undefined ? "0-65535" : String(target.port)
  const element = kind === "peer" ? peerText(target) : `${peerText(target)} . ${ports}`
  return [`would write: table inet ${TABLE}, set ${name}, element { ${element} timeout ${minutes}m }`]
}

function outgoingLines({ target, minutes }: Plan, count: number): readonly string[] {
  if (count === 0) return []
  const what = `${plural(count, "connection")} that this host opened`
  if (target.port === undefined && minutes > 0) return [`${what} would not be ended, and would stand still meanwhile`]
  return [`${what} would not be touched`]
}

const socketText = ({ protocol, state, localAddress, localPort, peerAddress, peerPort }: PeerSocket) =>
  `${protocol} ${formatEndpoint(localAddress, localPort)} from ${formatEndpoint(peerAddress, peerPort)} ${state}`

/** A network is confirmed by whoever means it; undefined for one host. */
export const confirmationText = (target: Target, matches: Matches): string | undefined =>
  isHost(target) ? undefined : `${peerText(target)} is a network: ${matchText(matches)} match now`
