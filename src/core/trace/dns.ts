/**
 * The first look at a DNS message: its header and its question. `dns-packet` reads the name; a capture that holds only the
 * beginning of an answer is enough.
 */
import { question } from "dns-packet"

// IANA, "DNS RCODEs"
const rcodeNames = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"] as const
export const NOERROR = 0
export const NXDOMAIN = 3

export const rcodeName = (code: number): string => rcodeNames[code] ?? `RCODE${code}`

export interface DnsMessage {
  readonly id: number
  readonly isResponse: boolean
  readonly isTruncated: boolean
  readonly rcode: number
  readonly answerCount: number
  /** As it was asked; any text. Absent when the capture does not hold it. */
  readonly name?: string
  readonly type?: string
}

const HEADER_SIZE = 12

/** Reads the message in `bytes[start]` … `bytes[end - 1]`; `undefined` when it is none. */
export function readDns(bytes: Uint8Array, start: number, end: number): DnsMessage | undefined {
  if (end - start < HEADER_SIZE) return undefined
  const u16 = (offset: number) => (bytes[start + offset]! << 8) | bytes[start + offset + 1]!
  const flags = u16(2)
  const questionCount = u16(4)
  const opcode = (flags >> 11) & 0xf
  // Only queries: everything else that looks like one on port 53 is not worth a wrong name.
  if (opcode !== 0 || questionCount > 16) return undefined
  const head = {
    id: u16(0),
    isResponse: (flags & 0x8000) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    rcode: flags & 0xf,
    answerCount: u16(6),
  }
  if (questionCount === 0) return head
  try {
    const message = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    const { name, type } = question.decode(message, HEADER_SIZE)
    return { ...head, name, type }
  } catch {
    return head
  }
}
