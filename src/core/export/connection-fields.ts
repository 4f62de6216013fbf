/**
 * One connection as another program reads it. What is not known is null, never 0.
 *
 * The names are a promise: they may be added to and must not change.
 */
import { type Connections, connectionAt } from "../model/connections.ts"

export interface ConnectionFields {
  readonly proto: "tcp" | "udp"
  readonly state: string
  readonly direction: "in" | "out"
  readonly local_ip: string
  readonly local_port: number
  readonly peer_ip: string
  readonly peer_port: number
  readonly pid: number | null
  readonly process: string | null
  readonly uid: number | null
  /** Inode of the cgroup v2 directory. */
  readonly cgroup: number | null
  /** Payload bytes between the two looks, and a second of that time. */
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
  readonly source: "socket"
}

export function connectionFields(connections: Connections, row: number): ConnectionFields {
  const connection = connectionAt(connections, row)
  return {
    proto: connection.proto,
    state: connection.state,
    direction: connection.side,
    local_ip: connection.localAddress,
    local_port: connection.localPort,
    peer_ip: connection.peerAddress,
    peer_port: connection.peerPort,
    pid: connection.owner?.pid ?? null,
    process: connection.owner?.name || null,
    uid: connection.uid ?? null,
    cgroup: connection.cgroupId === 0 ? null : connection.cgroupId,
    tx_bytes_delta: connection.txBytes ?? null,
    rx_bytes_delta: connection.rxBytes ?? null,
    tx_bytes_per_sec: connection.txBytesPerSecond ?? null,
    rx_bytes_per_sec: connection.rxBytesPerSecond ?? null,
    tx_queue: connection.txQueue,
    rx_queue: connection.rxQueue,
    // 0 until the peer has acknowledged something.
    rtt_us: connection.rttUs || null,
    retrans: connection.retrans ?? null,
    source: "socket",
  }
}
