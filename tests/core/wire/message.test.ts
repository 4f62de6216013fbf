import { describe, expect, test } from "bun:test"
import { constants } from "node:os"
import fc from "fast-check"
import { concat, i32h, writeAttribute } from "../../../src/core/wire/codec.ts"
import {
  type Answer,
  datagram,
  HEADER_SIZE,
  type Progress,
  readAnswers,
  readDatagram,
  writeRequest,
} from "../../../src/core/wire/message.ts"
import { readCapture } from "../../support/captures.ts"

// linux/netlink.h
const NOOP = 1
const ERROR = 2
const DONE = 3
const OVERRUN = 4
const DATA = 20
const MULTI = 0x2
const DUMP_INTR = 0x10
const CAPPED = 0x100
const ACK_TLVS = 0x200

const SEQUENCE = 7
const PORT = 4242

interface Part {
  type: number
  flags?: number
  sequence?: number
  portId?: number
  body?: Uint8Array
}

function message({ type, flags = MULTI, sequence = SEQUENCE, portId = PORT, body = new Uint8Array(4) }: Part) {
  const bytes = writeRequest({ type, flags, sequence, body })
  new DataView(bytes.buffer).setUint32(12, portId, true)
  return concat([bytes, new Uint8Array(-bytes.length & 3)])
}

/** What a datagram says, and the types of the rows it gave. */
function read(bytes: Uint8Array<ArrayBuffer>): { progress: Progress; rows: [at: number, end: number][] } {
  const rows: [number, number][] = []
  const expected = { sequence: SEQUENCE, portId: PORT }
  const progress = readDatagram(datagram(bytes), bytes.length, expected, (at, end) => rows.push([at, end]))
  return { progress, rows }
}

const reads = (...parts: Part[]) => read(concat(parts.map(message)))
const errno = (number: number, ...rest: Uint8Array[]) => concat([i32h.write(-number), ...rest])
const text = (sentence: string) => writeAttribute(1, new TextEncoder().encode(`${sentence}\0`))
/** The request that an error answers: its header, or the whole of it. */
const request = (length: number) =>
  writeRequest({ type: DATA, flags: 1, sequence: SEQUENCE, body: new Uint8Array(length) })

describe("a conversation", () => {
  test("gives every data message and asks for more until done", () => {
    expect(reads({ type: DATA }, { type: DATA, body: new Uint8Array(5) }, { type: DATA })).toEqual({
      progress: { kind: "more", interrupted: false },
      rows: [
        [0, 20],
        [20, 41],
        [44, 64],
      ],
    })
    expect(reads({ type: DATA }, { type: DONE })).toEqual({
      progress: { kind: "done", interrupted: false },
      rows: [[0, 20]],
    })
  })

  test("looks at nothing behind the end", () => {
    expect(reads({ type: DONE }, { type: DATA }).rows).toEqual([])
  })

  test("a done without a code is done", () => {
    expect(reads({ type: DONE, body: new Uint8Array(0) }).progress.kind).toBe("done")
  })

  test("an error of zero is the acknowledgement", () => {
    expect(reads({ type: ERROR, body: errno(0, request(0)) }).progress.kind).toBe("done")
  })

  test("a no-op says nothing", () => {
    expect(reads({ type: NOOP }, { type: DATA })).toEqual({
      progress: { kind: "more", interrupted: false },
      rows: [[20, 40]],
    })
  })

  test.each([
    { name: "another request's answers", other: { type: DATA, sequence: 6 } },
    { name: "another request's end", other: { type: DONE, sequence: 6 } },
    { name: "another request's error", other: { type: ERROR, sequence: 6, body: errno(1) } },
    { name: "another socket's end", other: { type: DONE, portId: PORT + 1 } },
    { name: "another request's interruption", other: { type: DATA, sequence: 6, flags: MULTI | DUMP_INTR } },
  ])("passes over $name", ({ other }) => {
    expect(reads(other, { type: DATA })).toEqual({
      progress: { kind: "more", interrupted: false },
      rows: [[expect.any(Number), expect.any(Number)]],
    })
  })

  test("tells of an interrupted dump, in the middle and at the end", () => {
    const flags = MULTI | DUMP_INTR
    expect(reads({ type: DATA, flags }, { type: DATA }).progress).toEqual({ kind: "more", interrupted: true })
    expect(reads({ type: DATA, flags }, { type: DONE }).progress).toEqual({ kind: "done", interrupted: true })
    expect(reads({ type: DONE, flags }).progress).toEqual({ kind: "done", interrupted: true })
  })

  test("an overrun is not an end", () => {
    expect(reads({ type: OVERRUN }).progress.kind).toBe("broken")
  })
})

describe("a refusal", () => {
  test.each([
    { name: "an error with the whole request", type: ERROR, flags: 0, body: errno(1, request(8)), says: "" },
    {
      name: "an error with a sentence",
      type: ERROR,
      flags: ACK_TLVS,
      body: errno(1, request(8), text("no")),
      says: "no",
    },
    {
      name: "a request of odd length before the sentence",
      type: ERROR,
      flags: ACK_TLVS,
      body: errno(1, concat([request(5), new Uint8Array(3)]), text("no")),
      says: "no",
    },
    {
      name: "a capped error: only the request's header",
      type: ERROR,
      flags: ACK_TLVS | CAPPED,
      body: errno(1, request(8).slice(0, HEADER_SIZE), text("no")),
      says: "no",
    },
    {
      name: "other attributes before the sentence",
      type: ERROR,
      flags: ACK_TLVS | CAPPED,
      body: errno(1, request(0), writeAttribute(2, new Uint8Array(4)), text("no")),
      says: "no",
    },
    { name: "an errno alone", type: ERROR, flags: ACK_TLVS, body: errno(1), says: "" },
    { name: "an errno inside done", type: DONE, flags: MULTI, body: errno(1), says: "" },
    {
      name: "an errno with a sentence inside done",
      type: DONE,
      flags: MULTI | ACK_TLVS,
      body: errno(1, text("no")),
      says: "no",
    },
    {
      name: "a sentence past the end",
      type: DONE,
      flags: ACK_TLVS,
      body: errno(1, text("no").fill(0xff, 0, 2)),
      says: "",
    },
    {
      name: "a request that claims four gigabytes",
      type: ERROR,
      flags: ACK_TLVS,
      body: errno(1, request(0).fill(0xff, 0, 4), text("no")),
      says: "",
    },
    {
      name: "a request that claims two gigabytes",
      type: ERROR,
      flags: ACK_TLVS,
      body: errno(1, request(0).fill(0x80, 3, 4), text("no")),
      says: "",
    },
  ])("$name", ({ type, flags, body, says }) => {
    expect(reads({ type, flags, body }).progress).toEqual({ kind: "refused", errno: 1, text: says })
  })

  test("keeps the rows that came before it", () => {
    expect(reads({ type: DATA }, { type: DONE, body: errno(2) })).toEqual({
      progress: { kind: "refused", errno: 2, text: "" },
      rows: [[0, 20]],
    })
  })
})

describe("broken bytes", () => {
  const whole = message({ type: DATA })
  const withLength = (length: number) => {
    const bytes = whole.slice()
    new DataView(bytes.buffer).setUint32(0, length, true)
    return bytes
  }
  test.each([
    { name: "zero length", bytes: withLength(0), problem: "message at byte 0 has length 0, 20 left" },
    { name: "length below a header", bytes: withLength(15), problem: "message at byte 0 has length 15, 20 left" },
    { name: "length past the end", bytes: withLength(21), problem: "message at byte 0 has length 21, 20 left" },
    {
      name: "length of 32 bits",
      bytes: withLength(0xffffffff),
      problem: "message at byte 0 has length 4294967295, 20 left",
    },
    { name: "half a header", bytes: whole.slice(0, 12), problem: "message at byte 0 has no whole header, 12 left" },
    {
      name: "half a header behind a message",
      bytes: concat([whole, whole.slice(0, 8)]),
      problem: "message at byte 20 has no whole header, 8 left",
    },
    {
      name: "an error without errno",
      bytes: message({ type: ERROR, body: new Uint8Array(0) }),
      problem: "an error message without errno",
    },
  ])("$name", ({ bytes, problem }) => expect(read(bytes).progress).toEqual({ kind: "broken", problem }))

  test("whatever the bytes are, it ends and every row lies inside", () => {
    const header = fc.record({
      type: fc.integer({ min: 0, max: 24 }),
      flags: fc.integer({ min: 0, max: 0xffff }),
      body: fc.uint8Array({ maxLength: 48 }),
      damage: fc.option(fc.tuple(fc.nat(63), fc.nat(255))),
    })
    fc.assert(
      fc.property(fc.array(header, { maxLength: 5 }), fc.nat(80), (parts, cut) => {
        const all = concat(
          parts.map(({ damage, ...part }) => {
            const bytes = message(part)
            if (damage !== null && damage[0] < bytes.length) bytes[damage[0]] = damage[1]
            return bytes
          }),
        )
        const bytes = all.slice(0, Math.max(0, all.length - cut))
        for (const [at, end] of read(bytes).rows) {
          expect(at % 4).toBe(0)
          expect(end - at).toBeGreaterThanOrEqual(HEADER_SIZE)
          expect(end).toBeLessThanOrEqual(bytes.length)
        }
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})

test("a datagram that lies inside larger memory is seen from its own beginning", () => {
  const memory = new Uint8Array(100).fill(0xff)
  memory.set(message({ type: DATA }), 40)
  const rows: number[] = []
  readDatagram(datagram(memory.subarray(40, 60)), 20, { sequence: SEQUENCE, portId: PORT }, (at) => rows.push(at))
  expect(rows).toEqual([0])
})

test("the kernel's own refusals (fixtures/wire/refusals.md)", () => {
  const answers = readCapture("refusals").map(({ data, length, expected }) =>
    readDatagram(data, length, expected, () => {}),
  )
  expect(answers).toEqual([
    { kind: "refused", errno: constants.errno.ENOENT, text: "" }, // inside done
    { kind: "refused", errno: constants.errno.EINVAL, text: "" },
    { kind: "refused", errno: constants.errno.EADDRNOTAVAIL, text: "ipv4: Address not found" },
  ])
  expect(readCapture("refusals").map(({ data }) => data.halves[2])).toEqual([DONE, ERROR, ERROR])
})

describe("acknowledgements of several requests in one datagram", () => {
  const answers = (bytes: Uint8Array<ArrayBuffer>) => {
    const found: Answer[] = []
    const problem = readAnswers(datagram(bytes), bytes.length, PORT, (answer) => found.push(answer))
    return { found, problem }
  }
  const whole = concat([
    message({ type: ERROR, flags: 0, sequence: 1, body: errno(0, request(20)) }),
    message({ type: ERROR, flags: 0, sequence: 2, body: errno(2, request(20)) }),
    message({ type: DATA, sequence: 3 }),
    message({ type: ERROR, flags: CAPPED | ACK_TLVS, sequence: 4, body: errno(1, request(0), text("no")) }),
    message({ type: ERROR, flags: 0, sequence: 5, portId: PORT + 1, body: errno(1, request(0)) }),
  ])
  test("each says what became of its request; those to others are passed over", () => {
    expect(answers(whole)).toEqual({
      found: [
        { sequence: 1, errno: 0, text: "" },
        { sequence: 2, errno: 2, text: "" },
        { sequence: 4, errno: 1, text: "no" },
      ],
      problem: undefined,
    })
  })
  test("any beginning of it is read or refused with a sentence", () => {
    for (let length = 0; length < whole.length; length++) {
      const { found, problem } = answers(whole.slice(0, length))
      expect(found.length).toBeLessThanOrEqual(3)
      expect(problem === undefined || /message at byte|without errno/.test(problem)).toBe(true)
    }
  })
})
