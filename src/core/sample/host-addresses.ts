/** The addresses of this host, and what they say about which device a connection runs over. */
import type { LinkLimit, Network } from "../model/rates.ts"
import { parseAddress } from "../wire/address.ts"
import type { InterfaceCounters } from "./sample.ts"

export interface HostAddress {
  readonly interfaceName: string
  /** Canonical text. */
  readonly address: string
  readonly prefixLength: number
}

/** What the sockets of `counters`' device can carry; nothing where its speed is no limit. */
export function linkLimit(
  addresses: readonly HostAddress[],
  { name, speedBitsPerSecond }: InterfaceCounters,
): LinkLimit | undefined {
  if (speedBitsPerSecond === undefined) return undefined
  const own = addresses.filter(({ interfaceName }) => interfaceName === name)
  const others = addresses.filter(({ interfaceName }) => interfaceName !== name)
  return {
    bytesPerSecond: speedBitsPerSecond / 8,
    localAddresses: new Set(own.map(({ address }) => address)),
    elsewhere: [
      ...own.flatMap(({ address }) => network(address, WHOLE)),
      ...others.flatMap(({ address, prefixLength }) => network(address, prefixLength)),
      ...network("127.0.0.0", 8),
    ],
  }
}

/** A prefix length longer than any address: the address alone. */
const WHOLE = 128
const MAPPED_PREFIX_BITS = 96

function network(address: string, prefixLength: number): readonly Network[] {
  const bytes = parseAddress(address)
  if (bytes === undefined) return []
  if (bytes.length === 16) return [{ address: bytes, prefixLength: Math.min(prefixLength, 128) }]
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes)
  return [{ address: mapped, prefixLength: MAPPED_PREFIX_BITS + Math.min(prefixLength, 32) }]
}
