/**
 * The rows of a line as they stand in its bytes, without reading the line.
 *
 * Both programs write a row as `{"peer_ip":"…","port":443,"proc_name":"…",…}` with its keys in one order. A line that
 * does not keep to it is told apart, and is for the slow way: JSON.
 */

const encoder = new TextEncoder()
const utf8 = (text: string) => encoder.encode(text)

/** A needle as a Buffer: its search is the runtime's own, at memory speed. */
export const needle = (text: string): Buffer => Buffer.from(text)

const PEER = needle('"peer_ip":"')
const PORT = utf8('","port":')
const PROCESS = utf8(',"proc_name":"')
const COUNT = needle('"conn_count":')
const TOTAL_BYTES = needle('"total_bytes_delta":')

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30

/** A row: where its texts stand. Reused from row to row, since there are a million in a day. */
export interface RowAt {
  peerStart: number
  peerEnd: number
  port: number
  processStart: number
  processEnd: number
  /** Where the next row begins, or the rows end. */
  end: number
}

/**
 * Calls `take` for each row in `[from, to)`. False when a row is not written as expected, or has an escape in a text
 * that is looked at: then the line must be read as JSON. Hot: a search sees every row of a day.
 */
export function eachRow(bytes: Buffer, from: number, to: number, take: (row: RowAt) => void): boolean {
  const row: RowAt = { peerStart: 0, peerEnd: 0, port: 0, processStart: 0, processEnd: 0, end: 0 }
  for (let at = bytes.indexOf(PEER, from); at >= 0 && at < to; at = row.end) {
    row.peerStart = at + PEER.length
    row.peerEnd = endOfText(bytes, row.peerStart, to)
    if (row.peerEnd < 0 || !startsWith(bytes, row.peerEnd, PORT)) return false
    let digit = row.peerEnd + PORT.length
    let port = 0
    while (bytes[digit]! >= ZERO && bytes[digit]! < ZERO + 10 && port < 1e9) port = port * 10 + bytes[digit++]! - ZERO
    row.port = port
    if (!startsWith(bytes, digit, PROCESS)) return false
    row.processStart = digit + PROCESS.length
    row.processEnd = endOfText(bytes, row.processStart, to)
    if (row.processEnd < 0) return false
    const next = bytes.indexOf(PEER, row.processEnd)
    row.end = next < 0 ? to : Math.min(next, to)
    take(row)
  }
  return true
}

/** The closing quote of the text that begins at `from`; -1 where it has an escape, or does not end. */
function endOfText(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) return -1
  }
  return -1
}

function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}

export interface RowSums {
  readonly rows: number
  readonly connections: number
  readonly bytes: number
}

/** How many rows stand in `[from, to)`, with their connections and bytes: for lines without totals. */
export function sumRows(bytes: Buffer, from: number, to: number): RowSums {
  let rows = 0
  for (let at = bytes.indexOf(PEER, from); at >= 0 && at < to; at = bytes.indexOf(PEER, at + PEER.length)) rows++
  return { rows, connections: sumOf(bytes, from, to, COUNT), bytes: sumOf(bytes, from, to, TOTAL_BYTES) }
}

function sumOf(bytes: Buffer, from: number, to: number, key: Buffer): number {
  let sum = 0
  for (let at = bytes.indexOf(key, from); at >= 0 && at < to; ) {
    let next = at + key.length
    let value = 0
    while (bytes[next]! >= ZERO && bytes[next]! < ZERO + 10) value = value * 10 + bytes[next++]! - ZERO
    sum += value
    at = bytes.indexOf(key, next)
  }
  return sum
}
