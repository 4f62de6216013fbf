/**
 * Netlink messages: the header, requests, and the three ways a conversation can go on.
 *
 * Everything here is host order. A datagram is given as two views of the same memory, since the hot readers want words.
 */
import { align4, concat, struct, u16h, u32h } from "./codec.ts"

// linux/netlink.h
const NLMSG_NOOP = 1
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLMSG_OVERRUN = 4
const NLM_F_DUMP_INTR = 0x10
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200
const NLMSGERR_ATTR_MSG = 1
export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_DUMP = 0x300
export const NLM_F_CREATE = 0x400
export const NLM_F_EXCL = 0x200
export const NLM_F_APPEND = 0x800

export const HEADER_SIZE = 16

const header = struct(HEADER_SIZE, {
  length: [0, u32h],
  type: [4, u16h],
  flags: [6, u16h],
  sequence: [8, u32h],
  portId: [12, u32h],
})

/** One request, header and body. The kernel fills in our port id. */
export function writeRequest(request: {
  type: number
  flags: number
  sequence: number
  body: Uint8Array
}): Uint8Array<ArrayBuffer> {
  const { type, flags, sequence, body } = request
  return concat([header.write({ length: HEADER_SIZE + body.length, type, flags, sequence, portId: 0 }), body])
}

/** Memory that receives datagrams, seen as bytes, halves and words. */
export interface Datagram {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly halves: Uint16Array
  readonly words: Uint32Array
}

/** Views over `bytes`, which must begin at a multiple of four; up to three bytes at the end belong to no word. */
export function datagram(bytes: Uint8Array<ArrayBuffer>): Datagram {
  const { buffer, byteOffset, byteLength } = bytes
  return {
    bytes,
    halves: new Uint16Array(buffer, byteOffset, byteLength >> 1),
    words: new Uint32Array(buffer, byteOffset, byteLength >> 2),
  }
}

/** What a datagram says about the conversation it belongs to. */
export type Progress =
  | { readonly kind: "more"; readonly interrupted: boolean }
  | { readonly kind: "done"; readonly interrupted: boolean }
  | { readonly kind: "refused"; readonly errno: number; readonly text: string }
  | { readonly kind: "broken"; readonly problem: string }

const MORE: Progress = { kind: "more", interrupted: false }

/**
 * Reads one datagram of `length` bytes. `onRow(at, end)` is called for each data message that answers `expected`:
 * `at` is the offset of its header, `end` one past its last byte. Messages for another request (a late answer to one
 * that was given up) are passed over.
 *
 * A dump can end in an error: the errno then sits inside *done*, so both places are looked at.
 */
export function readDatagram(
  data: Datagram,
  length: number,
  expected: { readonly sequence: number; readonly portId: number },
  onRow: (at: number, end: number) => void,
): Progress {
  const { words, halves } = data
  let interrupted = false
  let at = 0
  while (at < length) {
    if (at + HEADER_SIZE > length) {
      return { kind: "broken", problem: `message at byte ${at} has no whole header, ${length - at} left` }
    }
    const word = at >> 2
    const size = words[word]!
    if (size < HEADER_SIZE || at + size > length) {
      return { kind: "broken", problem: `message at byte ${at} has length ${size}, ${length - at} left` }
    }
    if (words[word + 2] === expected.sequence && words[word + 3] === expected.portId) {
      const type = halves[(at >> 1) + 2]!
      const flags = halves[(at >> 1) + 3]!
      if ((flags & NLM_F_DUMP_INTR) !== 0) interrupted = true
      if (type > NLMSG_OVERRUN) onRow(at, at + size)
      else if (type === NLMSG_DONE || type === NLMSG_ERROR) return ending(data, { at, size, type, flags, interrupted })
      else if (type !== NLMSG_NOOP) return { kind: "broken", problem: "the kernel reports an overrun" }
    }
    at += align4(size)
  }
  return interrupted ? { kind: "more", interrupted } : MORE
}

interface Ending {
  at: number
  size: number
  type: number
  flags: number
  interrupted: boolean
}

function ending(data: Datagram, { at, size, type, flags, interrupted }: Ending): Progress {
  if (type === NLMSG_ERROR && size < HEADER_SIZE + 4)
    return { kind: "broken", problem: "an error message without errno" }
  const errno = size >= HEADER_SIZE + 4 ? -(data.words[(at + HEADER_SIZE) >> 2]! | 0) : 0
  if (errno <= 0) return { kind: "done", interrupted }
  const payload = data.bytes.subarray(at + HEADER_SIZE + 4, at + size)
  return { kind: "refused", errno, text: (flags & NLM_F_ACK_TLVS) === 0 ? "" : extendedAck(payload, type, flags) }
}

/** What became of one request of a batch: errno 0 is done. */
export interface Answer {
  readonly sequence: number
  readonly errno: number
  /** The kernel's own sentence, or nothing. */
  readonly text: string
}

/**
 * Reads the acknowledgements of one datagram that answer `portId`, whatever request they belong to. Other messages
 * are passed over; a message that runs past the end ends the reading with a problem.
 */
export function readAnswers(
  data: Datagram,
  length: number,
  portId: number,
  onAnswer: (answer: Answer) => void,
): string | undefined {
  const { words, halves } = data
  for (let at = 0; at < length; ) {
    if (at + HEADER_SIZE > length) return `message at byte ${at} has no whole header, ${length - at} left`
    const size = words[at >> 2]!
    if (size < HEADER_SIZE || at + size > length) return `message at byte ${at} has length ${size}, ${length - at} left`
    const type = halves[(at >> 1) + 2]!
    if (type === NLMSG_ERROR && words[(at >> 2) + 3] === portId) {
      const flags = halves[(at >> 1) + 3]!
      const progress = ending(data, { at, size, type, flags, interrupted: false })
      if (progress.kind === "broken") return progress.problem
      const sequence = words[(at >> 2) + 2]!
      onAnswer(
        progress.kind === "refused"
          ? { sequence, errno: progress.errno, text: progress.text }
          : { sequence, errno: 0, text: "" },
      )
    }
    at += align4(size)
  }
  return undefined
}

/** The kernel's own sentence (kernels since 4.12), or nothing. Behind an error stands the request it answers. */
function extendedAck(payload: Uint8Array, type: number, flags: number): string {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  let at = 0
  if (type === NLMSG_ERROR) {
    if (payload.length < HEADER_SIZE) return ""
    at = (flags & NLM_F_CAPPED) !== 0 ? HEADER_SIZE : align4(view.getUint32(0, true))
  }
  while (at + 4 <= payload.length) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > payload.length) return ""
    if ((view.getUint16(at + 2, true) & 0x3fff) === NLMSGERR_ATTR_MSG) {
      return new TextDecoder().decode(payload.subarray(at + 4, at + length)).replace(/\0.*$/s, "")
    }
    at += align4(length)
  }
  return ""
}
