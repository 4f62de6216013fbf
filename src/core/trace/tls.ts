/** The server name in a TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), when the captured part of it holds it. */

const CONTENT_HANDSHAKE = 22
const CLIENT_HELLO = 1
const EXTENSION_SERVER_NAME = 0
const HOST_NAME = 0

/** True when `bytes[start]` … begin a ClientHello. */
export const isClientHello = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start >= 6 && bytes[start] === CONTENT_HANDSHAKE && bytes[start + 1] === 3 && bytes[start + 5] === CLIENT_HELLO

/** The name that the client asks for; any text. */
export function readServerName(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (!isClientHello(bytes, start, end)) return undefined
  const u16 = (at: number) => (bytes[at]! << 8) | bytes[at + 1]!
  // record header 5, handshake header 4, version 2, random 32
  let at = start + 43
  if (at + 1 > end) return undefined
  at += 1 + bytes[at]! // session id
  if (at + 2 > end) return undefined
  at += 2 + u16(at) // cipher suites
  if (at + 1 > end) return undefined
  at += 1 + bytes[at]! // compression methods
  if (at + 2 > end) return undefined
  const extensionsEnd = Math.min(end, at + 2 + u16(at))
  at += 2
  while (at + 4 <= extensionsEnd) {
    const type = u16(at)
    const length = u16(at + 2)
    at += 4
    if (type === EXTENSION_SERVER_NAME) {
      // list length 2, kind of name 1, its length 2
      if (at + 5 > extensionsEnd || bytes[at + 2] !== HOST_NAME) return undefined
      const nameLength = u16(at + 3)
      const nameEnd = at + 5 + nameLength
      if (nameLength === 0 || nameLength > 255 || nameEnd > extensionsEnd) return undefined
      return new TextDecoder().decode(bytes.subarray(at + 5, nameEnd))
    }
    at += length
  }
  return undefined
}
