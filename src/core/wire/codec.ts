/**
 * Tables that describe the kernel's formats, and the two things that can be done with one: read and write.
 *
 * A table says it once; the reader, the writer and the TypeScript type all come from it. Reading never looks outside
 * the bytes it was given and never fails on an attribute it does not know.
 */

/** The bytes are not what the format says. The message is the path to the place: `flow.original.ip: expected 4 bytes, got 3`. */
export class DecodeError extends Error {
  override readonly name = "DecodeError"
  constructor(path: string, problem: string) {
    super(path === "" ? problem : `${path}: ${problem}`)
  }
}

export interface Codec<T> {
  /** Reads the value that fills `bytes`. Throws `DecodeError`. */
  read(bytes: Uint8Array, path?: string): T
  write(value: T): Uint8Array
}

/** A codec whose length never changes. */
export interface FixedCodec<T> extends Codec<T> {
  readonly size: number
}

export type Infer<C> = C extends Codec<infer T> ? T : never

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function scalar<T>(
  size: number,
  read: (view: DataView) => T,
  write: (view: DataView, value: T) => void,
): FixedCodec<T> {
  return {
    size,
    read(bytes, path = "") {
      if (bytes.length !== size) throw new DecodeError(path, `expected ${size} bytes, got ${bytes.length}`)
      return read(viewOf(bytes))
    },
    write(value) {
      const bytes = new Uint8Array(size)
      write(viewOf(bytes), value)
      return bytes
    },
  }
}

// `h` is host order, which on every machine we build for (x86-64, arm64) is little-endian.
export const u8 = scalar(
  1,
  (v) => v.getUint8(0),
  (v, x: number) => v.setUint8(0, x),
)
export const u16h = scalar(
  2,
  (v) => v.getUint16(0, true),
  (v, x: number) => v.setUint16(0, x, true),
)
export const u32h = scalar(
  4,
  (v) => v.getUint32(0, true),
  (v, x: number) => v.setUint32(0, x, true),
)
export const i32h = scalar(
  4,
  (v) => v.getInt32(0, true),
  (v, x: number) => v.setInt32(0, x, true),
)
export const u16be = scalar(
  2,
  (v) => v.getUint16(0),
  (v, x: number) => v.setUint16(0, x),
)
export const u32be = scalar(
  4,
  (v) => v.getUint32(0),
  (v, x: number) => v.setUint32(0, x),
)
const U64_MAX = 2n ** 64n - 1n

/** A 64-bit counter as a number: exact to 2^53, nine petabytes. "No limit" (all ones) reads as 2^64 and writes back. */
export const u64h = scalar(
  8,
  (v) => Number(v.getBigUint64(0, true)),
  (v, x: number) => v.setBigUint64(0, x < 2 ** 64 ? BigInt(x) : U64_MAX, true),
)
/** As `u64h`, in network order. */
export const u64be = scalar(
  8,
  (v) => Number(v.getBigUint64(0)),
  (v, x: number) => v.setBigUint64(0, x < 2 ** 64 ? BigInt(x) : U64_MAX),
)
/** A 64-bit identifier, such as a socket cookie: it may use all its bits, so it stays a bigint. */
export const id64h = scalar(
  8,
  (v) => v.getBigUint64(0, true),
  (v, x: bigint) => v.setBigUint64(0, x, true),
)

/** As `id64h`, in network order: the handle of a rule. */
export const id64be = scalar(
  8,
  (v) => v.getBigUint64(0),
  (v, x: bigint) => v.setBigUint64(0, x),
)
/** A signed number in network order, such as the priority of a hook. */
export const i32be = scalar(
  4,
  (v) => v.getInt32(0),
  (v, x: number) => v.setInt32(0, x),
)

/** Text that ends with a NUL. */
export const text: Codec<string> = {
  read(given) {
    const end = given.indexOf(0)
    return new TextDecoder().decode(end < 0 ? given : given.subarray(0, end))
  },
  write: (value) => new TextEncoder().encode(`${value}\0`),
}

/** Bytes of any length, copied. */
export const bytes: Codec<Uint8Array> = { read: (given) => given.slice(), write: (value) => value }

/** Exactly `size` bytes, copied. */
export const raw = (size: number): FixedCodec<Uint8Array> => ({
  size,
  read(bytes, path = "") {
    if (bytes.length !== size) throw new DecodeError(path, `expected ${size} bytes, got ${bytes.length}`)
    return bytes.slice()
  },
  write: (value) => value.slice(0, size),
})

// biome-ignore lint/suspicious/noExplicitAny: a table holds codecs of many types; Infer recovers each
type AnyCodec = Codec<any>
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyFixed = FixedCodec<any>

type Layout = Readonly<Record<string, readonly [offset: number, codec: AnyFixed]>>
type LayoutValue<L extends Layout> = { readonly [K in keyof L]?: Infer<L[K][1]> }

/**
 * A C structure that newer kernels append to (`struct tcp_info`): the length decides which fields exist, and offsets
 * never move. Fields past the end are absent.
 */
export function growing<const L extends Layout>(layout: L): Codec<LayoutValue<L>> {
  const fields = Object.entries(layout)
  return {
    read(bytes, path = "") {
      const value: Record<string, unknown> = {}
      for (const [name, [offset, codec]] of fields) {
        const end = offset + codec.size
        if (end <= bytes.length) value[name] = codec.read(bytes.subarray(offset, end), join(path, name))
      }
      return value as LayoutValue<L>
    },
    write(value) {
      const present = fields.filter(([name]) => value[name] !== undefined)
      const bytes = new Uint8Array(Math.max(0, ...present.map(([, [offset, codec]]) => offset + codec.size)))
      for (const [name, [offset, codec]] of present) bytes.set(codec.write(value[name]), offset)
      return bytes
    },
  }
}

/** A C structure of one size: every field is there. Bytes past `size` are not looked at. */
export function struct<const L extends Layout>(
  size: number,
  layout: L,
): FixedCodec<{ readonly [K in keyof L]: Infer<L[K][1]> }> {
  const inner = growing(layout)
  type Value = { readonly [K in keyof L]: Infer<L[K][1]> }
  return {
    size,
    read(bytes, path = "") {
      if (bytes.length < size) throw new DecodeError(path, `expected ${size} bytes, got ${bytes.length}`)
      return inner.read(bytes, path) as Value
    },
    write(value) {
      const bytes = new Uint8Array(size)
      bytes.set(inner.write(value as LayoutValue<L>))
      return bytes
    },
  }
}

type AttributeTable = Readonly<Record<string, readonly [type: number, codec: AnyCodec]>>
type AttributeValue<A extends AttributeTable> = { readonly [K in keyof A]?: Infer<A[K][1]> }

// linux/netlink.h, struct nlattr
const NLA_HEADER = 4
const NLA_F_NESTED = 0x8000
export const NLA_TYPE_MASK = 0x3fff

/** Attributes and messages are padded to four bytes; the length field does not count the padding. */
export const align4 = (length: number): number => length + (-length & 3)

/**
 * Walks the attributes that fill `bytes`. Throws `DecodeError` when a length is shorter than a header or runs past
 * the end; up to three stray bytes at the end are padding.
 */
export function* walkAttributes(bytes: Uint8Array, path = ""): Generator<readonly [type: number, payload: Uint8Array]> {
  const view = viewOf(bytes)
  let at = 0
  while (at + NLA_HEADER <= bytes.length) {
    const length = view.getUint16(at, true)
    if (length < NLA_HEADER || at + length > bytes.length) {
      throw new DecodeError(path, `attribute at byte ${at} has length ${length}, ${bytes.length - at} left`)
    }
    yield [view.getUint16(at + 2, true) & NLA_TYPE_MASK, bytes.subarray(at + NLA_HEADER, at + length)]
    at += align4(length)
  }
}

/** One attribute with its header and padding. */
export function writeAttribute(type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(align4(NLA_HEADER + payload.length))
  const view = viewOf(bytes)
  view.setUint16(0, NLA_HEADER + payload.length, true)
  view.setUint16(2, type, true)
  bytes.set(payload, NLA_HEADER)
  return bytes
}

interface Nest<T> extends Codec<T> {
  readonly nested: true
}

/**
 * A nest of attributes, each at most once. Every field may be absent, because it may be; unknown attributes are
 * skipped; of two of one type the last counts, as in the kernel's own parser.
 */
export function attributes<const A extends AttributeTable>(table: A): Nest<AttributeValue<A>> {
  const byType = new Map(Object.entries(table).map(([name, [type, codec]]) => [type, { name, codec }]))
  return {
    nested: true,
    read(bytes, path = "") {
      const value: Record<string, unknown> = {}
      for (const [type, payload] of walkAttributes(bytes, path)) {
        const field = byType.get(type)
        if (field !== undefined) value[field.name] = field.codec.read(payload, join(path, field.name))
      }
      return value as AttributeValue<A>
    },
    write(value) {
      const parts: Uint8Array[] = []
      for (const [name, [type, codec]] of Object.entries(table)) {
        const field = value[name]
        if (field !== undefined)
          parts.push(writeAttribute("nested" in codec ? type | NLA_F_NESTED : type, codec.write(field)))
      }
      return concat(parts)
    },
  }
}

/**
 * A nest that repeats one attribute: the expressions of a rule, the elements of a set. What is of another type is
 * skipped.
 */
export function list<T>(type: number, item: Codec<T>): Nest<readonly T[]> {
  const written = "nested" in item ? type | NLA_F_NESTED : type
  return {
    nested: true,
    read(given, path = "") {
      const values: T[] = []
      for (const [found, payload] of walkAttributes(given, path))
        if (found === type) values.push(item.read(payload, `${path}[${values.length}]`))
      return values
    },
    write: (values) => concat(values.map((value) => writeAttribute(written, item.write(value)))),
  }
}

type Variants = Readonly<Record<string, AnyCodec>>

/** One of the variants by its name, or a name that is not among them, which has no data. */
export type Tagged<V extends Variants> =
  | { readonly [K in keyof V & string]: { readonly name: K; readonly data?: Infer<V[K]> } }[keyof V & string]
  | { readonly name: string; readonly data?: never }

/**
 * A nest in which one attribute names the layout of its sibling: an nftables expression. A name that is not among the
 * variants is kept without its data.
 */
export function tagged<const V extends Variants>(nameType: number, dataType: number, variants: V): Nest<Tagged<V>> {
  return {
    nested: true,
    read(given, path = "") {
      let name = ""
      let data: Uint8Array | undefined
      for (const [type, payload] of walkAttributes(given, path)) {
        if (type === nameType) name = text.read(payload, path)
        else if (type === dataType) data = payload
      }
      const codec = Object.hasOwn(variants, name) ? variants[name] : undefined
      if (codec === undefined || data === undefined) return { name } as Tagged<V>
      return { name, data: codec.read(data, join(path, name)) } as Tagged<V>
    },
    write({ name, data }) {
      const codec = Object.hasOwn(variants, name) ? variants[name] : undefined
      const parts = [writeAttribute(nameType, text.write(name))]
      if (codec !== undefined && data !== undefined)
        parts.push(writeAttribute("nested" in codec ? dataType | NLA_F_NESTED : dataType, codec.write(data)))
      return concat(parts)
    },
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const join = (path: string, name: string) => (path === "" ? name : `${path}.${name}`)
