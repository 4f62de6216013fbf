/**
 * Search across time: which snapshots have an address, a network, a port or a process, and in how many rows.
 *
 * A day has a million rows. They are looked at as bytes; only a line that is not written as expected is read as JSON.
 */
import { type PeerRange, parsePeerRange } from "../model/peer-range.ts"
import type { SnapshotLine } from "../snapshot/schema.ts"
import { maskAddress } from "../text/mask.ts"
import { readLineBytes } from "./line-facts.ts"
import { eachRow, needle, type RowAt } from "./row-scan.ts"

export type Query =
  | { readonly kind: "network"; readonly range: PeerRange; readonly isMasked: false }
  | { readonly kind: "port"; readonly port: number; readonly isMasked: boolean }
  /** Part of the process, the peer, the unit or the namespace, in lower case. */
  | { readonly kind: "text"; readonly text: string; readonly isMasked: boolean }

/** Rows of a snapshot that answer a query. */
export interface Matches {
  readonly in: number
  readonly out: number
}

const PORT_MAX = 65_535

/**
 * `203.0.113.7`, `10.0.0.0/8`, `443` or `:443`, and anything else as text. While addresses are hidden only what is shown
 * of them is looked at: a hidden half could be guessed by searching for it.
 */
export function parseQuery(given: string, { isMasked }: { readonly isMasked: boolean }): Query | undefined {
  const text = given.trim()
  if (text === "") return undefined
  const port = /^:?(\d{1,5})$/.exec(text)?.[1]
  if (port !== undefined && Number(port) >= 1 && Number(port) <= PORT_MAX)
    return { kind: "port", port: Number(port), isMasked }
  const range = isMasked ? undefined : parsePeerRange(text)
  return range === undefined
    ? { kind: "text", text: text.toLowerCase(), isMasked }
    : { kind: "network", range, isMasked: false }
}

/** What a query means, in words. */
export const queryText = (query: Query, given: string): string =>
  query.kind === "port" ? `port ${query.port}` : query.kind === "network" ? `peer ${given.trim()}` : `"${given.trim()}"`

type RowTest = (bytes: Buffer, row: RowAt) => boolean
type ObjectTest = (row: NonNullable<SnapshotLine["incoming_groups"]>[number]) => boolean

export interface Matcher {
  readonly onBytes?: RowTest
  readonly onRow: ObjectTest
}

export function matcherOf(query: Query): Matcher {
  switch (query.kind) {
    case "port":
      return { onBytes: (_, row) => row.port === query.port, onRow: (row) => row.port === query.port }
    case "network": {
      const isInRange = rangeTest(query.range)
      return {
        onBytes: (bytes, row) => isInRange(bytes.toString("latin1", row.peerStart, row.peerEnd)),
        onRow: (row) => isInRange(row.peer_ip),
      }
    }
    case "text": {
      const { text, isMasked } = query
      const shown = (peer: string) => (isMasked ? maskAddress(peer) : peer)
      const onRow: ObjectTest = (row) =>
        [shown(row.peer_ip), row.proc_name, row.unit, row.netns].some(
          (each) => each?.toLowerCase().includes(text) === true,
        )
      // Bytes can be compared without their case only where they are ASCII.
      if (!/^[\x20-\x7e]*$/.test(text) || isMasked) return { onRow }
      const wanted = Buffer.from(text)
      return {
        onRow,
        onBytes: (bytes, row) =>
          hasText(bytes, row.processStart, row.processEnd, wanted) ||
          hasText(bytes, row.peerStart, row.peerEnd, wanted) ||
          hasPlace(bytes, row, wanted),
      }
    }
  }
}

const OUTGOING = needle('"outgoing_groups":')

/** How many rows of the line in `[from, to)` match. */
export function matchLine(bytes: Buffer, from: number, to: number, { onBytes, onRow }: Matcher): Matches {
  const outgoing = onBytes === undefined ? -1 : bytes.indexOf(OUTGOING, from)
  if (onBytes !== undefined && outgoing >= 0 && outgoing < to) {
    let incomingCount = 0
    let outgoingCount = 0
    const isPlain = eachRow(bytes, from, to, (row) => {
      if (!onBytes(bytes, row)) return
      if (row.peerStart < outgoing) incomingCount++
      else outgoingCount++
    })
    if (isPlain) return { in: incomingCount, out: outgoingCount }
  }
  const line = readLineBytes(bytes.subarray(from, to))
  const count = (rows: SnapshotLine["incoming_groups"] | undefined) => (rows ?? []).filter(onRow).length
  return { in: count(line?.incoming_groups), out: count(line?.outgoing_groups) }
}

/** True for the text of an address that is in the network. Most texts come again and again. */
function rangeTest({ address, prefixLength, isIpv4 }: PeerRange): (text: string) => boolean {
  const known = new Map<string, boolean>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const peer = parsePeerRange(text)
    // `::/0` is all of IPv6, and none of IPv4.
    const isIn = peer !== undefined && peer.isIpv4 === isIpv4 && isSamePrefix(peer.address, address, prefixLength)
    if (known.size < KNOWN_MAX) known.set(text, isIn)
    return isIn
  }
}

const KNOWN_MAX = 50_000

function isSamePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let i = 0; i < bits >> 3; i++) if (a[i] !== b[i]) return false
  const rest = bits & 7
  if (rest === 0) return true
  const shift = 8 - rest
  return a[bits >> 3]! >> shift === b[bits >> 3]! >> shift
}

const isUpper = (byte: number) => byte >= 0x41 && byte <= 0x5a

/** True when the lower-case ASCII text is somewhere in `[from, to)`, whatever its case there. Hot. */
function hasText(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  const last = to - wanted.length
  for (let at = from; at <= last; at++) {
    let i = 0
    while (i < wanted.length) {
      const byte = bytes[at + i]!
      if ((isUpper(byte) ? byte | 0x20 : byte) !== wanted[i]) break
      i++
    }
    if (i === wanted.length) return true
  }
  return false
}

const PLACES = [needle('"unit":"'), needle('"netns":"')]
const BRACE = 0x7d

/** Unit and namespace stand at the end of a row, behind its states: `…},"netns":"…","unit":"…"}`. */
function hasPlace(bytes: Buffer, row: RowAt, wanted: Uint8Array): boolean {
  // Most rows have neither: then two braces close the states and the row.
  for (let end = row.end; end > row.processEnd; end--) {
    if (bytes[end - 1] !== BRACE) continue
    if (bytes[end - 2] === BRACE) return false
    break
  }
  const part = bytes.subarray(row.processEnd, row.end)
  return PLACES.some((place) => {
    const at = part.indexOf(place)
    if (at < 0) return false
    const start = at + place.length
    return hasText(part, start, endOf(part, start), wanted)
  })
}

function endOf(part: Uint8Array, start: number): number {
  const end = part.indexOf(0x22, start)
  return end < 0 ? part.length : end
}
