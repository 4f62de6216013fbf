/** Addresses in the columns of tables: compared, looked up in a set, told apart by kind. */

/** Chains of four words by the last word. */
export type AddressSet = ReadonlyMap<number, readonly Uint32Array[]>

const MAPPED_WORD = 0xffff0000

/** Of addresses in 4 (IPv4) or 16 network-order bytes. */
export function createAddressSet(addresses: Iterable<Uint8Array>): AddressSet {
  const set = new Map<number, Uint32Array[]>()
  for (const address of addresses) {
    const sixteen = new Uint8Array(16)
    if (address.length === 4) sixteen.set([0xff, 0xff, ...address], 10)
    else sixteen.set(address)
    const words = new Uint32Array(sixteen.buffer)
    const chain = set.get(words[3]!)
    if (chain === undefined) set.set(words[3]!, [words])
    else chain.push(words)
  }
  return set
}

export function hasAddress(set: AddressSet, column: Uint32Array, row: number): boolean {
  const at = row * 4
  const chain = set.get(column[at + 3]!)
  return (
    chain?.some((words) => words[2] === column[at + 2] && words[1] === column[at + 1] && words[0] === column[at]) ??
    false
  )
}

/** 127.0.0.0/8 or ::1: on every host its own. */
export function isLoopbackAt(column: Uint32Array, row: number): boolean {
  const at = row * 4
  if (column[at] !== 0 || column[at + 1] !== 0) return false
  if (column[at + 2] === MAPPED_WORD) return (column[at + 3]! & 0xff) === 127
  return column[at + 2] === 0 && column[at + 3] === 0x01000000
}

/** Multicast, or IPv4's 255.255.255.255: whoever receives such a packet is one of those it was meant for. */
export function isGroupAt(column: Uint32Array, row: number): boolean {
  const at = row * 4
  if (column[at] === 0 && column[at + 1] === 0 && column[at + 2] === MAPPED_WORD)
    return (column[at + 3]! & 0xf0) === 0xe0 || column[at + 3] === 0xffffffff
  return (column[at]! & 0xff) === 0xff
}

/** The same address in two columns. The last word differs most often. */
export const isSameAddress = (a: Uint32Array, i: number, b: Uint32Array, j: number): boolean =>
  a[i * 4 + 3] === b[j * 4 + 3] &&
  a[i * 4 + 2] === b[j * 4 + 2] &&
  a[i * 4 + 1] === b[j * 4 + 1] &&
  a[i * 4] === b[j * 4]
