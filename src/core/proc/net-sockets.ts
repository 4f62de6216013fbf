/**
 * /proc/PID/net/tcp, tcp6, udp and udp6 (net/ipv4/tcp_ipv4.c, get_tcp4_sock): the sockets of that process's network
 * namespace as text, for where the namespace cannot be entered to ask the kernel itself.
 */

export interface NetSocket {
  readonly isIpv6: boolean
  /** Four words as they lie in memory; of IPv4 the last. */
  readonly localAddress: readonly number[]
  readonly localPort: number
  readonly remoteAddress: readonly number[]
  readonly remotePort: number
  /** net/tcp_states.h. */
  readonly state: number
  readonly uid: number
  readonly inode: number
}

// A row: number, both ends, state, queues, timer, retransmissions, uid, timeout, inode. Words are written as the CPU reads them.
const ROW =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+)\s+\d+\s+(\d+)(?:\s|$)/

/** The rows that have this port at either end; what is no row is passed over. */
export function parseNetSockets(text: string, port: number): readonly NetSocket[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `
  const found: NetSocket[] = []
  for (const line of text.split("\n")) {
    // There may be 100,000 of them.
    if (!line.includes(wanted)) continue
    const [, local, localPort, remote, remotePort, state, uid, inode] = ROW.exec(line) ?? []
    if (local === undefined || local.length !== remote!.length) continue
    const socket: NetSocket = {
      isIpv6: local.length === 32,
      localAddress: words(local),
      localPort: Number.parseInt(localPort!, 16),
      remoteAddress: words(remote!),
      remotePort: Number.parseInt(remotePort!, 16),
      state: Number.parseInt(state!, 16),
      uid: Number(uid),
      inode: Number(inode),
    }
    if (socket.localPort === port || socket.remotePort === port) found.push(socket)
  }
  return found
}

/** ::ffff:0:0 in front of an IPv4 address, as it lies in memory on the little-endian machines we build for. */
const MAPPED_WORD = 0xffff0000

const words = (digits: string): readonly number[] =>
  digits.length === 8
    ? [0, 0, MAPPED_WORD, Number.parseInt(digits, 16)]
    : Array.from({ length: 4 }, (_, i) => Number.parseInt(digits.slice(i * 8, i * 8 + 8), 16))
