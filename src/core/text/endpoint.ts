/** One end of a connection as text. */

/** `10.0.0.1:80`, `[2001:db8::1]:80`; what is not one address or not one port is `*`. */
export function endpoint(address: string, port: number): string {
  const shownPort = port === 0 ? "*" : String(port)
  if (isAny(address)) return `*:${shownPort}`
  return address.includes(":") ? `[${address}]:${shownPort}` : `${address}:${shownPort}`
}

/** No peer, or peers summed. */
export const isAny = (address: string): boolean => address === "::" || address === "0.0.0.0"
