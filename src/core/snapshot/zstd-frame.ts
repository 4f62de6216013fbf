/** Where the frames of a zstd file end (RFC 8878), so that each can be unpacked by itself. Nothing is unpacked here. */

export interface ZstdFrame {
  readonly length: number
  /** What it unpacks to; absent where the frame does not say. */
  readonly rawLength?: number
  /** The most it can unpack to. */
  readonly rawLengthMax: number
}

/** Reads `length` bytes at `offset`; fewer at the end. */
export type ReadBytes = (offset: number, length: number) => Uint8Array

const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
/** A block unpacks to no more than this. */
const BLOCK_MAX = 1 << 17
const HEADER_MAX = 18
const CHECKSUM = 4
const RLE = 1
const RESERVED = 3

/** The frame that begins at `offset`; nothing when there is none, or the file ends in it. */
export function measureZstdFrame(read: ReadBytes, offset: number): ZstdFrame | undefined {
  const head = read(offset, HEADER_MAX)
  if (head.length < 8) return undefined
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const magic = view.getUint32(0, true)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE)
    return { length: 8 + view.getUint32(4, true), rawLength: 0, rawLengthMax: 0 }
  if (magic !== MAGIC) return undefined
  const descriptor = head[4]!
  const isSingle = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeFlag = descriptor >> 6
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][sizeFlag]!
  const sizeAt = 5 + (isSingle ? 0 : 1) + dictionaryBytes
  if (head.length < sizeAt + sizeBytes) return undefined
  const rawLength = [
    () => (isSingle ? view.getUint8(sizeAt) : undefined),
    () => view.getUint16(sizeAt, true) + 256,
    () => view.getUint32(sizeAt, true),
    () => Number(view.getBigUint64(sizeAt, true)),
  ][sizeFlag]!()
  let at = offset + sizeAt + sizeBytes
  for (let blocks = 1; ; blocks++) {
    const block = read(at, 3)
    if (block.length < 3) return undefined
    const header = block[0]! | (block[1]! << 8) | (block[2]! << 16)
    const type = (header >> 1) & 3
    if (type === RESERVED) return undefined
    at += 3 + (type === RLE ? 1 : header >> 3)
    if ((header & 1) === 0) continue
    if ((descriptor & 4) !== 0) at += CHECKSUM
    return {
      length: at - offset,
      ...(rawLength === undefined ? {} : { rawLength }),
      rawLengthMax: Math.max(rawLength ?? 0, blocks * BLOCK_MAX),
    }
  }
}
