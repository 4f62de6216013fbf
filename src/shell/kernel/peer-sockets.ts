/** The sockets of one peer, found by the kernel itself, and destroyed by their cookies. */
import { errnoName } from "../../../ffi/libc.ts"
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import type { PeerSocket, PortFacts } from "../../core/mitigation/incoming.ts"
import type { Verdict } from "../../core/mitigation/kill.ts"
import { addressOf, type Target } from "../../core/mitigation/target.ts"
import { formatAddress } from "../../core/wire/address.ts"
import { concat } from "../../core/wire/codec.ts"
import {
  AF_INET,
  AF_INET6,
  bodyAt,
  DIAG_MESSAGE_SIZE,
  diagMessage,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NETLINK_SOCK_DIAG,
  type SocketFilter,
  type SocketName,
  tcpStates,
  writeDestroyProbe,
  writeSocketDestroy,
  writeSocketDump,
} from "../../core/wire/inet-diag.ts"
import type { Answer } from "../../core/wire/message.ts"
import { Conversation, KernelError } from "./netlink.ts"

/** A socket that can be destroyed: what a dump said of it, cookie included. */
export interface NamedSocket extends PeerSocket {
  readonly name: SocketName
  /** 0: no process holds it. */
  readonly inode: number
}

const stateBits = (...states: number[]) => states.reduce((bits, state) => bits | (1 << state), 0)
// net/tcp_states.h
const ESTABLISHED = 1
const FIN_WAIT2 = 5
const CLOSE = 7
const LISTEN = 10
/** Every state of a TCP connection but TIME_WAIT, which is over and holds nothing. */
const CONNECTION_STATES = stateBits(1, 2, 3, 4, FIN_WAIT2, 7, 8, 9, 11, 12)
/** A UDP socket is in one of two: connected to a peer, or to nobody. */
const CONNECTED = stateBits(ESTABLISHED)
const UNCONNECTED = stateBits(CLOSE)

const protocols = { tcp: IPPROTO_TCP, udp: IPPROTO_UDP } as const

/** A conversation about sockets, in our namespace or another. Throws `KernelError`. */
export const openSockets = (namespace?: NamespacePlace): Conversation =>
  Conversation.open(NETLINK_SOCK_DIAG, undefined, namespace)

/**
 * TCP connections and connected UDP sockets whose peer is the target's. With `port` only those of that local port:
 * the kernel leaves the others out. Throws `KernelError`.
 */
export async function findPeerSockets(
  conversation: Conversation,
  target: Target,
  port?: number,
): Promise<readonly NamedSocket[]> {
  const filter: SocketFilter = {
    peer: { address: addressOf(target), prefixLength: target.prefixLength },
    ...(port !== undefined && { localPort: port }),
  }
  const found: NamedSocket[] = []
  for (const protocol of ["tcp", "udp"] as const)
    await list(conversation, {
      protocol,
      filter,
      // An IPv4 peer may be behind an IPv6 socket.
      families: target.family === 4 ? [AF_INET, AF_INET6] : [AF_INET6],
      states: protocol === "tcp" ? CONNECTION_STATES : CONNECTED,
      onSocket: (socket) => {
        if (socket.state !== "TIME_WAIT") found.push(socket)
      },
    })
  return found
}

/** Every established TCP connection, whoever its peer is. Throws `KernelError`. */
export async function listEstablished(conversation: Conversation): Promise<readonly NamedSocket[]> {
  const found: NamedSocket[] = []
  await list(conversation, {
    protocol: "tcp",
    families: [AF_INET, AF_INET6],
    states: stateBits(ESTABLISHED),
    onSocket: (socket) => found.push(socket),
  })
  return found
}

/** Local ports that are listened on. */
export async function listListening(conversation: Conversation): Promise<PortFacts["listening"]> {
  const ports = { tcp: new Set<number>(), udp: new Set<number>() }
  for (const protocol of ["tcp", "udp"] as const)
    await list(conversation, {
      protocol,
      families: [AF_INET, AF_INET6],
      states: protocol === "tcp" ? stateBits(LISTEN) : UNCONNECTED,
      onSocket: ({ localPort }) => ports[protocol].add(localPort),
    })
  return ports
}

interface Listing {
  readonly protocol: "tcp" | "udp"
  readonly families: readonly number[]
  readonly states: number
  readonly filter?: SocketFilter
  readonly onSocket: (socket: NamedSocket) => void
}

async function list(conversation: Conversation, { protocol, families, states, filter, onSocket }: Listing) {
  for (const family of families) {
    const operation = `list ${family === AF_INET ? "IPv4" : "IPv6"} ${protocol.toUpperCase()} sockets`
    try {
      await conversation.dump(
        operation,
        (sequence) =>
          writeSocketDump({
            family,
            protocol: protocols[protocol],
            sequence,
            states,
            isBare: true,
            ...(filter !== undefined && { filter }),
          }),
        (data, at, end) => {
          if (end - bodyAt(at) >= DIAG_MESSAGE_SIZE)
            onSocket(readSocket(data.bytes.subarray(bodyAt(at), end), protocol))
        },
      )
    } catch (error) {
      // A host may have IPv6 switched off, and a kernel may come without a part of it; udp_diag may be missing (ENOENT).
      const isBeside = error instanceof KernelError && (family === AF_INET6 || protocol === "udp")
      if (!isBeside) throw error
    }
  }
}

function readSocket(body: Uint8Array, protocol: "tcp" | "udp"): NamedSocket {
  const message = diagMessage.read(body, "socket")
  const address = (bytes: Uint8Array) => formatAddress(message.family === AF_INET ? bytes.subarray(0, 4) : bytes)
  const { family, state, localPort, remotePort, localAddress, remoteAddress, cookie } = message
  return {
    key: cookie.toString(),
    protocol,
    state: (tcpStates as Record<number, string>)[state] ?? `STATE_${state}`,
    localAddress: address(localAddress),
    localPort,
    peerAddress: address(remoteAddress),
    peerPort: remotePort,
    inode: message.inode,
    isRemnant: protocol === "tcp" && state === FIN_WAIT2 && message.inode === 0,
    name: {
      family,
      protocol: protocols[protocol],
      localPort,
      remotePort,
      localAddress,
      remoteAddress,
      interface: message.interface,
      cookie,
    },
  }
}

/** As many as their acknowledgements fit into the receive buffer of a socket at once. */
const BATCH = 64

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Destroys the sockets, each by the cookie of the dump that named it: one that is gone by now is ENOENT, and nothing
 * else is meant by it. Answers what the kernel said of each. Between batches the event loop runs. Throws `KernelError`
 * only when the kernel does not answer at all.
 */
export async function destroySockets(
  conversation: Conversation,
  sockets: readonly NamedSocket[],
): Promise<readonly { readonly key: string; readonly verdict: Verdict }[]> {
  const verdicts: { key: string; verdict: Verdict }[] = []
  for (let at = 0; at < sockets.length; at += BATCH) {
    const batch = sockets.slice(at, at + BATCH)
    const answers = conversation.exchange("destroy sockets", batch.length, (sequenceOf) =>
      concat(batch.map(({ name }, place) => writeSocketDestroy({ ...name, sequence: sequenceOf(place) }))),
    )
    for (const [place, answer] of answers.entries())
      verdicts.push({ key: batch[place]!.key, verdict: verdictOf(answer) })
    if (at + BATCH < sockets.length) await turn()
  }
  return verdicts
}

const verdictOf = ({ errno }: Answer): Verdict => (errno === 0 ? "" : errnoName(errno))

/**
 * Whether this kernel can destroy sockets: asked to destroy none, it says ENOENT, or EOPNOTSUPP when it was built
 * without. It looks at privileges only once it has found the socket, so this says nothing about them.
 */
export function canDestroy(conversation: Conversation): boolean {
  const [answer] = conversation.exchange("probe for socket destruction", 1, (sequenceOf) =>
    writeDestroyProbe(sequenceOf(0)),
  )
  return answer?.errno === 0 || errnoName(answer?.errno ?? 0) === "ENOENT"
}
