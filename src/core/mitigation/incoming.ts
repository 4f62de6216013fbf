/**
 * Which sockets of a peer a kill is about: those that came IN to the target's port, never our own outgoing ones.
 *
 * A port that is listened on tells the side. Where nothing listens any more (a server that took one connection and
 * closed its door), the port tells: outgoing connections get theirs from the ephemeral range.
 */
import type { Target } from "./target.ts"

export interface PeerSocket {
  /** The cookie in decimal. */
  readonly key: string
  readonly protocol: "tcp" | "udp"
  /** net/tcp_states.h by name. */
  readonly state: string
  readonly localAddress: string
  readonly localPort: number
  readonly peerAddress: string
  readonly peerPort: number
  /** A record of the kernel's for a socket whose process is gone: no inode, FIN_WAIT2. */
  readonly isRemnant: boolean
}

export interface PortFacts {
  /** Local TCP ports that are listened on, and UDP ports with a socket that is connected to nobody. */
  readonly listening: { readonly tcp: ReadonlySet<number>; readonly udp: ReadonlySet<number> }
  /** net.ipv4.ip_local_port_range, both ends included. */
  readonly ephemeral: readonly [first: number, last: number]
}

export interface Matches {
  readonly incoming: readonly PeerSocket[]
  /** Opened by this host: never touched. */
  readonly outgoing: readonly PeerSocket[]
}

export function sortOut(target: Target, sockets: readonly PeerSocket[], facts: PortFacts): Matches {
  const incoming: PeerSocket[] = []
  const outgoing: PeerSocket[] = []
  for (const socket of sockets) {
    if (target.port !== undefined && socket.localPort !== target.port) {
      // With a port given, only its own connections are looked at; those to the same port of the peer are the ones
      // that are easily confused with them.
      if (socket.peerPort === target.port) outgoing.push(socket)
      continue
    }
    ;(isIncoming(target, socket, facts) ? incoming : outgoing).push(socket)
  }
  return { incoming, outgoing }
}

function isIncoming(target: Target, { protocol, localPort }: PeerSocket, { listening, ephemeral }: PortFacts): boolean {
  if (listening[protocol].has(localPort)) return true
  const [first, last] = ephemeral
  return target.port !== undefined && (localPort < first || localPort > last)
}
