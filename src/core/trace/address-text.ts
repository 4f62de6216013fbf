/** Addresses as the packet reader has them: four words, an IPv4 address mapped. */
import { formatAddress, formatEndpoint } from "../wire/address.ts"

export function addressText(words: ArrayLike<number>): string {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < 4; i++) view.setUint32(i * 4, words[i]!)
  return formatAddress(bytes)
}

/** Port 0 stands for a protocol without ports. */
export const endpointText = (words: ArrayLike<number>, port: number): string =>
  port === 0 ? addressText(words) : formatEndpoint(addressText(words), port)
