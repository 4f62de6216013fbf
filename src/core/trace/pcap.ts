/**
 * Capture files: pcap and pcapng, as they come, piece by piece.
 *
 * Both byte orders, times in micro- and nanoseconds, several interfaces. What is kept between two pieces is at most one
 * block, so that a file of any size is read in the same memory. Nothing in a file is believed: a length beyond what any
 * capture holds ends the reading, and what was read until then stays valid.
 *
 * Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
 */

/** What stands around the bytes of one packet. The same object is handed out for every packet. */
export interface PacketFrame {
  /** From 1, as every program counts them. */
  number: number
  /** Microseconds since 1970, with a fraction where the file has nanoseconds. */
  atUs: number
  /** Bytes on the wire; the file may hold fewer. */
  wireLength: number
  /** LINKTYPE_*. */
  linkType: number
  /** Where the packet's bytes begin in the file. */
  fileOffset: number
}

/** Called once for each packet, whose bytes are `bytes[start]` up to before `bytes[end]`, and are overwritten later. */
export type OnPacket = (bytes: Uint8Array, start: number, end: number, frame: PacketFrame) => void

export type CaptureFormat = "pcap" | "pcapng"

export interface CaptureProblem {
  /** `refused`: no capture that we read. `damaged`: it ends or breaks in the middle; what came before is good. */
  readonly kind: "refused" | "damaged"
  readonly text: string
}

export interface CaptureReader {
  /** Takes the next piece. After a problem every further piece is passed over. */
  push(piece: Uint8Array): void
  /** No more will come: a packet that began and did not end is a problem now. */
  end(): void
  readonly format: CaptureFormat | undefined
  readonly problem: CaptureProblem | undefined
  readonly packetCount: number
}

/** The largest packet that libpcap writes (MAXIMUM_SNAPLEN of pcap-int.h). */
const PACKET_SIZE_MAX = 262_144
/** Options of a pcapng block may stand beside the packet. Blocks that hold no packet are skipped unread. */
const BLOCK_SIZE_MAX = PACKET_SIZE_MAX + 65_536
const INTERFACES_MAX = 1_024

const FILE_HEADER = 24
const RECORD_HEADER = 16

// pcap: the magic number says byte order and unit of time. Read here as little-endian.
const MAGIC_US = 0xa1b2c3d4
const MAGIC_US_SWAPPED = 0xd4c3b2a1
const MAGIC_NS = 0xa1b23c4d
const MAGIC_NS_SWAPPED = 0x4d3cb2a1

// pcapng block types. The section header reads alike in both byte orders.
const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const OBSOLETE_PACKET = 2
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6
const BYTE_ORDER = 0x1a2b3c4d

/** Files that are taken for captures, by how they begin. */
const strangers: readonly { readonly begins: readonly number[]; readonly what: string }[] = [
  { begins: [0x1f, 0x8b], what: "it is compressed with gzip; unpack it first" },
  { begins: [0x28, 0xb5, 0x2f, 0xfd], what: "it is compressed with zstd; unpack it first" },
  { begins: [0xfd, 0x37, 0x7a, 0x58], what: "it is compressed with xz; unpack it first" },
  {
    begins: [0x34, 0xcd, 0xb2, 0xa1],
    what: "it is a modified pcap (Kuznetzov's); convert it with tcpdump -r IN -w OUT",
  },
  {
    begins: [0xa1, 0xb2, 0xcd, 0x34],
    what: "it is a modified pcap (Kuznetzov's); convert it with tcpdump -r IN -w OUT",
  },
  { begins: [0x73, 0x6e, 0x6f, 0x6f, 0x70], what: "it is a snoop file; convert it to pcap first" },
]

interface CaptureInterface {
  readonly linkType: number
  /** 0: no limit. */
  readonly snapLength: number
  readonly unitsPerUs: number
  readonly offsetUs: number
}

export function createCaptureReader(onPacket: OnPacket): CaptureReader {
  const frame: PacketFrame = { number: 0, atUs: 0, wireLength: 0, linkType: 0, fileOffset: 0 }
  let format: CaptureFormat | undefined
  let problem: CaptureProblem | undefined
  /** Bytes that wait for the rest of their block. */
  let kept = new Uint8Array(65_536)
  let keptLength = 0
  /** Where the first byte that is not read yet stands in the file. */
  let position = 0
  /** Bytes to pass over: the rest of a block that holds no packet. */
  let skip = 0
  let isBig = false
  let isNanosecond = false
  let linkType = 0
  let interfaces: CaptureInterface[] = []
  let isSectionOpen = false

  const refuse = (text: string) => {
    const isCapture = format === "pcap" || isSectionOpen
    problem = { kind: isCapture ? "damaged" : "refused", text }
    return -1
  }

  const u32 = (bytes: Uint8Array, at: number) =>
    isBig
      ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
      : ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0
  const u16 = (bytes: Uint8Array, at: number) =>
    isBig ? (bytes[at]! << 8) | bytes[at + 1]! : (bytes[at + 1]! << 8) | bytes[at]!

  /** Reads one block at `at`; answers its length, 0 when it has not come whole, -1 at a problem. */
  function readBlock(bytes: Uint8Array, at: number, end: number): number {
    if (format === undefined) return readBeginning(bytes, at, end)
    return format === "pcap" ? readRecord(bytes, at, end) : readNextGenerationBlock(bytes, at, end)
  }

  function readBeginning(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 4) return 0
    const stranger = strangers.find(({ begins }) => begins.every((byte, i) => at + i < end && bytes[at + i] === byte))
    if (stranger !== undefined) return refuse(stranger.what)
    isBig = false
    const magic = u32(bytes, at)
    if (magic === SECTION_HEADER) {
      format = "pcapng"
      return readNextGenerationBlock(bytes, at, end)
    }
    isBig = magic === MAGIC_US_SWAPPED || magic === MAGIC_NS_SWAPPED
    isNanosecond = magic === MAGIC_NS || magic === MAGIC_NS_SWAPPED
    if (!isBig && magic !== MAGIC_US && magic !== MAGIC_NS)
      return refuse("it begins with neither the mark of pcap nor of pcapng")
    if (end - at < FILE_HEADER) return 0
    // The upper bits tell of frame check sequences and are no part of the type.
    linkType = u32(bytes, at + 20) & 0xffff
    format = "pcap"
    return FILE_HEADER
  }

  function readRecord(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < RECORD_HEADER) return 0
    const captured = u32(bytes, at + 8)
    if (captured > PACKET_SIZE_MAX) return refuse(`packet ${frame.number + 1} claims ${captured} bytes`)
    if (end - at < RECORD_HEADER + captured) return 0
    const fraction = u32(bytes, at + 4)
    frame.number++
    frame.atUs = u32(bytes, at) * 1e6 + (isNanosecond ? fraction / 1000 : fraction)
    frame.wireLength = Math.max(u32(bytes, at + 12), captured)
    frame.linkType = linkType
    frame.fileOffset = position + RECORD_HEADER
    onPacket(bytes, at + RECORD_HEADER, at + RECORD_HEADER + captured, frame)
    return RECORD_HEADER + captured
  }

  function readNextGenerationBlock(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < 12) return 0
    if (u32(bytes, at) === SECTION_HEADER) {
      // The mark that tells the byte order stands inside the very block whose length needs it.
      isBig = bytes[at + 8] === 0x1a
      if (u32(bytes, at + 8) !== BYTE_ORDER) return refuse(`the section header at byte ${position} has no byte order`)
      interfaces = []
      isSectionOpen = true
    }
    const type = u32(bytes, at)
    const length = u32(bytes, at + 4)
    if (length < 12 || length % 4 !== 0) return refuse(`the block at byte ${position} has length ${length}`)
    if (
      type !== ENHANCED_PACKET &&
      type !== SIMPLE_PACKET &&
      type !== OBSOLETE_PACKET &&
      type !== INTERFACE_DESCRIPTION
    ) {
      skip = length - 12
      return 12
    }
    if (length > BLOCK_SIZE_MAX) return refuse(`the block at byte ${position} claims ${length} bytes`)
    if (end - at < length) return 0
    const bodyEnd = at + length - 4
    if (type === INTERFACE_DESCRIPTION) return describeInterface(bytes, at, bodyEnd) ? length : -1
    return readPacketBlock(bytes, at, bodyEnd, type) ? length : -1
  }

  function describeInterface(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < 16) return refuse(`the interface at byte ${position} is too short`) > 0
    if (interfaces.length >= INTERFACES_MAX) return refuse(`it has more than ${INTERFACES_MAX} interfaces`) > 0
    let unitsPerUs = 1
    let offsetUs = 0
    for (let option = at + 16; option + 4 <= end; ) {
      const code = u16(bytes, option)
      const length = u16(bytes, option + 2)
      const value = option + 4
      if (code === 0 || value + length > end) break
      // if_tsresol: a power of ten, or of two when the highest bit is set
      if (code === 9 && length >= 1) {
        const power = bytes[value]! & 0x7f
        unitsPerUs = ((bytes[value]! & 0x80) === 0 ? 10 ** power : 2 ** power) / 1e6
      }
      // if_tsoffset: whole seconds
      if (code === 14 && length === 8) {
        const low = u32(bytes, isBig ? value + 4 : value)
        const high = u32(bytes, isBig ? value : value + 4) | 0
        offsetUs = (high * 2 ** 32 + low) * 1e6
      }
      option = value + ((length + 3) & ~3)
    }
    interfaces.push({ linkType: u16(bytes, at + 8), snapLength: u32(bytes, at + 12), unitsPerUs, offsetUs })
    return true
  }

  function readPacketBlock(bytes: Uint8Array, at: number, end: number, type: number): boolean {
    const isSimple = type === SIMPLE_PACKET
    const start = at + (isSimple ? 12 : 28)
    if (start > end) return refuse(`the packet block at byte ${position} is too short`) > 0
    const index = isSimple ? 0 : type === OBSOLETE_PACKET ? u16(bytes, at + 8) : u32(bytes, at + 8)
    const from = interfaces[index]
    if (from === undefined)
      return refuse(`packet ${frame.number + 1} is of interface ${index}, which is not described`) > 0
    const wireLength = isSimple ? u32(bytes, at + 8) : u32(bytes, at + 24)
    const captured = isSimple
      ? Math.min(wireLength, from.snapLength === 0 ? wireLength : from.snapLength, end - start)
      : u32(bytes, at + 20)
    if (captured > PACKET_SIZE_MAX || start + captured > end)
      return refuse(`packet ${frame.number + 1} claims ${captured} bytes`) > 0
    frame.number++
    // A simple block has no time: it is as late as the packet before.
    if (!isSimple) frame.atUs = from.offsetUs + unitsToUs(u32(bytes, at + 12), u32(bytes, at + 16), from.unitsPerUs)
    frame.wireLength = Math.max(wireLength, captured)
    frame.linkType = from.linkType
    frame.fileOffset = position + (start - at)
    onPacket(bytes, start, start + captured, frame)
    return true
  }

  /** Reads what is whole in `bytes`; answers how many bytes that was. */
  function consume(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (problem === undefined) {
      if (skip > 0) {
        const passed = Math.min(skip, end - at)
        skip -= passed
        position += passed
        at += passed
        if (skip > 0) break
      }
      const length = readBlock(bytes, at, end)
      if (length <= 0) break
      at += length
      position += length
    }
    return at - start
  }

  function keep(bytes: Uint8Array): void {
    if (keptLength + bytes.length > kept.length) {
      const larger = new Uint8Array(Math.max(kept.length * 2, keptLength + bytes.length))
      larger.set(kept.subarray(0, keptLength))
      kept = larger
    }
    kept.set(bytes, keptLength)
    keptLength += bytes.length
  }

  /** How much of a piece is joined with what waits, at a time: the rest is read where it stands. */
  const JOIN = 65_536

  return {
    push(piece) {
      let at = 0
      while (problem === undefined && keptLength > 0 && at < piece.length) {
        const joined = Math.min(JOIN, piece.length - at)
        const before = keptLength
        keep(piece.subarray(at, at + joined))
        const used = consume(kept, 0, keptLength)
        if (used >= before) {
          // All that waited is read; the piece itself goes on where that ended.
          at += used - before
          keptLength = 0
          break
        }
        kept.copyWithin(0, used, keptLength)
        keptLength -= used
        at += joined
      }
      if (problem !== undefined || keptLength > 0 || at >= piece.length) return
      at += consume(piece, at, piece.length)
      if (problem === undefined && at < piece.length) keep(piece.subarray(at))
    },
    end() {
      if (problem !== undefined) return
      if (format === undefined)
        refuse(keptLength === 0 ? "it is empty" : "it is too short for a capture: the file header is not whole")
      else if (keptLength > 0 || skip > 0)
        problem = {
          kind: "damaged",
          text: `it ends in the middle of ${format === "pcap" ? `packet ${frame.number + 1}` : "a block"}`,
        }
    },
    get format() {
      return format
    },
    get problem() {
      return problem
    },
    get packetCount() {
      return frame.number
    },
  }
}

/** Nanoseconds of today need 61 bits, more than a number has: they are cut to whole microseconds. */
function unitsToUs(high: number, low: number, unitsPerUs: number): number {
  if (unitsPerUs === 1_000) return Number((BigInt(high) * 0x1_0000_0000n + BigInt(low)) / 1_000n)
  return (high * 2 ** 32 + low) / unitsPerUs
}
