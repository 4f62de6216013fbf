import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { createCaptureReader, type PacketFrame } from "../../../src/core/trace/pcap.ts"
import { createTraceReader } from "../../../src/core/trace/trace.ts"
import { type Bytes, bytesOf, ethernet, pcap, pcapng, segment } from "../../support/packets.ts"

interface Seen extends PacketFrame {
  bytes: number[]
}

/** Reads a file that comes in pieces of `pieceSize`. */
function readAll(file: Uint8Array, pieceSize = file.length + 1) {
  const packets: Seen[] = []
  const reader = createCaptureReader((bytes, start, end, frame) => {
    packets.push({ ...frame, bytes: [...bytes.subarray(start, end)] })
  })
  for (let at = 0; at < file.length; at += pieceSize) reader.push(file.subarray(at, at + pieceSize))
  reader.end()
  return { packets, problem: reader.problem, format: reader.format }
}

const START_US = 1_700_000_000_123_456
const frames = [
  { bytes: bytesOf([1, 2, 3]), atUs: START_US },
  { bytes: bytesOf([4, 5, 6, 7, 8]), atUs: START_US + 1_500_000, wireLength: 1_500 },
  { bytes: new Uint8Array(0), atUs: START_US + 1_600_000, wireLength: 60 },
]
const expected = [
  { number: 1, atUs: START_US, wireLength: 3, linkType: 1, bytes: [1, 2, 3] },
  { number: 2, atUs: START_US + 1_500_000, wireLength: 1_500, linkType: 1, bytes: [4, 5, 6, 7, 8] },
  { number: 3, atUs: START_US + 1_600_000, wireLength: 60, linkType: 1, bytes: [] },
]
const asExpected = (packets: Seen[]) => packets.map(({ fileOffset: _, ...rest }) => rest)

const files: readonly (readonly [string, Bytes])[] = [
  ["pcap, little-endian, microseconds", pcap(frames)],
  ["pcap, big-endian, microseconds", pcap(frames, { isBig: true })],
  ["pcap, little-endian, nanoseconds", pcap(frames, { isNanosecond: true })],
  ["pcap, big-endian, nanoseconds", pcap(frames, { isBig: true, isNanosecond: true })],
  ["pcapng, little-endian", pcapng(frames)],
  ["pcapng, big-endian", pcapng(frames, { isBig: true })],
  ["pcapng, nanoseconds", pcapng(frames, { resolution: 9 })],
  [
    "two sections of pcapng of different byte order",
    bytesOf(pcapng(frames.slice(0, 1)), pcapng(frames.slice(1), { isBig: true })),
  ],
]

describe("captures", () => {
  test.each(files)("%s", (name, file) => {
    const { packets, problem } = readAll(file)
    expect(problem).toBeUndefined()
    // Nanoseconds of today do not fit into a number; a microsecond does.
    const isExact = !name.includes("nanoseconds")
    const rounded = asExpected(packets).map((p) => ({ ...p, atUs: isExact ? p.atUs : Math.round(p.atUs) }))
    expect(rounded).toEqual(expected)
    for (const { bytes, fileOffset } of packets)
      expect([...file.subarray(fileOffset, fileOffset + bytes.length)]).toEqual(bytes)
  })

  test.each(files)("%s reads alike in pieces of any size", (_, file) => {
    const whole = readAll(file)
    for (const size of [1, 2, 3, 7, 16, 24, 29, 64, 1000]) expect(readAll(file, size)).toEqual(whole)
  })

  test("frame check bits above the link type are no part of it", () => {
    const file = pcap(frames, { linkType: 1 })
    file[23] = 0x24
    expect(readAll(file).packets[0]!.linkType).toBe(1)
  })

  test.each<readonly [string, Uint8Array, string, string]>([
    ["an empty file", new Uint8Array(0), "refused", "it is empty"],
    [
      "a text",
      new TextEncoder().encode("hello world, this is no capture"),
      "refused",
      "it begins with neither the mark of pcap nor of pcapng",
    ],
    ["gzip", bytesOf([0x1f, 0x8b, 8, 0], new Uint8Array(40)), "refused", "it is compressed with gzip; unpack it first"],
    [
      "zstd",
      bytesOf([0x28, 0xb5, 0x2f, 0xfd], new Uint8Array(40)),
      "refused",
      "it is compressed with zstd; unpack it first",
    ],
    [
      "half a file header",
      pcap(frames).subarray(0, 20),
      "refused",
      "it is too short for a capture: the file header is not whole",
    ],
    ["a packet that was cut", pcap(frames).subarray(0, 24 + 16 + 2), "damaged", "it ends in the middle of packet 1"],
    [
      "a record header that was cut",
      pcap(frames).subarray(0, 24 + 16 + 3 + 5),
      "damaged",
      "it ends in the middle of packet 2",
    ],
    ["a block that was cut", pcapng(frames).subarray(0, -8), "damaged", "it ends in the middle of a block"],
    [
      "a length nobody writes",
      bytesOf(pcap(frames), new Array(16).fill(0xff)),
      "damaged",
      "packet 4 claims 4294967295 bytes",
    ],
    [
      "a section without byte order",
      bytesOf([10, 13, 13, 10], new Uint8Array(24)),
      "refused",
      "the section header at byte 0 has no byte order",
    ],
  ])("%s: %s", (_, file, kind, text) => {
    expect(readAll(file).problem).toEqual({ kind, text } as never)
  })

  test("what came before damage is read", () => {
    expect(readAll(pcap(frames).subarray(0, -3)).packets).toHaveLength(2)
  })

  test("a packet of an interface that was not described is damage", () => {
    const file = pcapng(frames)
    // The interface description becomes a block that nobody knows.
    const at = file.indexOf(1, 28 + 16)
    file[at] = 0x77
    expect(readAll(file).problem).toEqual({
      kind: "damaged",
      text: "packet 1 is of interface 0, which is not described",
    })
  })

  test("a huge block that holds no packet is passed over without keeping it", () => {
    const skipped = new Uint8Array(3_000_000)
    new DataView(skipped.buffer).setUint32(0, 0x0bad, true)
    new DataView(skipped.buffer).setUint32(4, skipped.length, true)
    const file = bytesOf(pcapng(frames.slice(0, 1)), skipped, pcapng(frames.slice(1)))
    expect(readAll(file, 4_096).packets).toHaveLength(3)
  })
})

describe("whatever the bytes are", () => {
  const packet = ethernet(segment({ flags: "S", payload: 30 }))
  const good = [pcap([packet, packet, packet]), pcapng([packet, packet, packet])]

  test("reading ends, in pieces as at once, and answers the same", () => {
    const damaged = fc.tuple(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
      fc.nat(400),
    )
    fc.assert(
      fc.property(damaged, fc.integer({ min: 1, max: 200 }), ([file, changes, length], size) => {
        const bytes = file.slice(0, Math.max(1, length))
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        expect(readAll(bytes, size)).toEqual(readAll(bytes))
        const reader = createTraceReader()
        reader.push(bytes)
        reader.end()
        expect(reader.trace.packetCount).toBeLessThanOrEqual(bytes.length / 16)
      }),
      { numRuns: 400 },
    )
  })
})
