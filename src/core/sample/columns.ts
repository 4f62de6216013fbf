/**
 * Tables in columns: a row is an index, and a column is a typed array that is reused from look to look.
 */

/** The array type of a column by what it holds. `f64` holds 64-bit counters, exact to 2^53. */
const arrays = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const

/** Every column of a table: its type, and how many values a row has in it. */
export type ColumnLayout = Readonly<Record<string, readonly [type: keyof typeof arrays, width: number]>>

type ColumnArray = { [K in keyof typeof arrays]: InstanceType<(typeof arrays)[K]> }
export type Columns<L extends ColumnLayout> = { -readonly [K in keyof L]: ColumnArray[L[K][0]] }

export type ColumnTable<L extends ColumnLayout> = Columns<L> & { length: number; capacity: number }

export function createColumnTable<L extends ColumnLayout>(layout: L, capacity: number): ColumnTable<L> {
  const columns = Object.entries(layout).map(([name, [type, width]]) => [name, new arrays[type](capacity * width)])
  return { ...(Object.fromEntries(columns) as Columns<L>), length: 0, capacity }
}

/** Makes room for `capacity` rows, keeping what is there. Grows by half, so that columns are not mostly air. */
export function growColumnTable<L extends ColumnLayout>(table: ColumnTable<L>, layout: L, capacity: number): void {
  if (capacity <= table.capacity) return
  const next = Math.max(capacity, Math.ceil(table.capacity * 1.5))
  const columns = table as Record<string, ColumnArray[keyof ColumnArray]>
  for (const [name, [type, width]] of Object.entries(layout)) {
    const grown = new arrays[type](next * width)
    grown.set(columns[name]!)
    columns[name] = grown
  }
  table.capacity = next
}

/** Writes row `from` over row `to`. */
export function copyRow<L extends ColumnLayout>(table: ColumnTable<L>, layout: L, from: number, to: number): void {
  const columns = table as Record<string, ColumnArray[keyof ColumnArray]>
  for (const [name, [, width]] of Object.entries(layout))
    columns[name]!.copyWithin(to * width, from * width, (from + 1) * width)
}
