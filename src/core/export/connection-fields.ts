/**
 * One connection as another program reads it. What is not known is null, never 0.
 *
 * The names are a promise: they may be added to and must not change.
 */
import { type Connections, connectionAt } from "../model/connections.ts"
import { isAny } from "../text/endpoint.ts"

export interface ConnectionFields {
  readonly proto: "tcp" | "udp"
  readonly state: string
  readonly direction: "in" | "out"
  readonly local_ip: string
  /** A port is null where connections with several are summed. */
  readonly local_port: number | null
  /** Null for a UDP socket without a peer, and where connections of many peers are summed. */
  readonly peer_ip: string | null
  readonly peer_port: number | null
  readonly pid: number | null
  readonly process: string | null
  readonly uid: number | null
  /** The network namespace: `host` is the one the program was started in. */
  readonly netns: string
  /** The systemd unit, container or pod, and the path of its cgroup. */
  readonly unit: string | null
  readonly cgroup: string | null
  /** Bytes between the two looks, and a second of that time: payload of sockets, IP bytes of flows. */
  readonly tx_bytes_delta: number | null
  readonly rx_bytes_delta: number | null
  readonly tx_bytes_per_sec: number | null
  readonly rx_bytes_per_sec: number | null
  /** Bytes waiting now. */
  readonly tx_queue: number
  readonly rx_queue: number
  readonly rtt_us: number | null
  /** Segments sent again since the connection began. */
  readonly retrans: number | null
  /** Datagrams that a UDP socket has dropped since it was opened. */
  readonly drops: number | null
  readonly source: "socket" | "closed" | "conntrack"
  readonly bytes_unit: "payload" | "ip"
  /** Of a closed connection: it lived at least so long. */
  readonly lifetime_ms: number | null
  /** How many connections the row stands for: more than 1 only where closed ones are summed. */
  readonly connections: number
  /** What is made of traffic that is passed on: published, masqueraded, routed; and the end behind the translation. */
  readonly nat: string | null
  readonly inner_ip: string | null
  readonly inner_port: number | null
}

export function connectionFields(connections: Connections, row: number): ConnectionFields {
  const connection = connectionAt(connections, row)
  const { translation } = connection
  return {
    proto: connection.proto,
    state: connection.state,
    direction: connection.side,
    local_ip: connection.localAddress,
    local_port: connection.localPort || null,
    peer_ip: isAny(connection.peerAddress) ? null : connection.peerAddress,
    peer_port: connection.peerPort || null,
    pid: connection.owner?.pid ?? null,
    process: connection.owner?.name || null,
    uid: connection.uid ?? null,
    cgroup: connection.cgroup ?? null,
    tx_bytes_delta: connection.txBytes ?? null,
    rx_bytes_delta: connection.rxBytes ?? null,
    tx_bytes_per_sec: connection.txBytesPerSecond ?? null,
    rx_bytes_per_sec: connection.rxBytesPerSecond ?? null,
    tx_queue: connection.txQueue,
    rx_queue: connection.rxQueue,
    // 0 until the peer has acknowledged something.
    rtt_us: connection.rttUs || null,
    retrans: connection.retrans ?? null,
    source: connection.source,
    netns: connection.namespace,
    unit: connection.unit ?? null,
    drops: connection.proto === "udp" ? (connection.drops ?? null) : null,
    bytes_unit: connection.bytesUnit,
    lifetime_ms: connection.lifetimeMs ?? null,
    connections: connection.connectionCount,
    nat: translation?.role ?? null,
    inner_ip: translation?.inner?.address ?? null,
    inner_port: translation?.inner?.port ?? null,
  }
}
