/**
 * Builders: a socket as the kernel would send it, and tables of such sockets. A test names only what it is about.
 */
import { appendSocket, createSocketTable, type SocketTable } from "../../src/core/sample/socket-table.ts"
import { parseAddress } from "../../src/core/wire/address.ts"
import { concat } from "../../src/core/wire/codec.ts"
import {
  AF_INET,
  AF_INET6,
  diagAttributes,
  diagMessage,
  IPPROTO_TCP,
  SOCK_DIAG_BY_FAMILY,
  type SocketMessage,
  tcpStates,
} from "../../src/core/wire/inet-diag.ts"
import { datagram, writeRequest } from "../../src/core/wire/message.ts"

type State = (typeof tcpStates)[keyof typeof tcpStates]

export interface SocketSpec extends Partial<Omit<SocketMessage, "state" | "localAddress" | "remoteAddress">> {
  state?: State
  /** `10.0.0.1:80`, `[::1]:80`. */
  local?: string
  remote?: string
  /** An AF_INET6 socket with mapped addresses: what a dual-stack listener accepts. */
  isMapped?: boolean
  acked?: number
  received?: number
}

let cookies = 0n

const stateNumber = (state: State) => Number(Object.entries(tcpStates).find(([, name]) => name === state)![0])

/** The bytes of one answer, with its netlink header. */
export function socketBytes(spec: SocketSpec): Uint8Array<ArrayBuffer> {
  const { state = "ESTABLISHED", local = "10.0.0.1:1000", remote = "10.0.0.2:2000", isMapped = false } = spec
  const [localAddress, localPort] = endpoint(local, isMapped)
  const [remoteAddress, remotePort] = endpoint(remote, isMapped)
  const { acked, received, info, memory, shutdown, v6Only, cgroupId, ...rest } = spec
  const hasCounters = acked !== undefined || received !== undefined || info !== undefined
  const body = diagMessage.write({
    family: local.startsWith("[") || isMapped ? AF_INET6 : AF_INET,
    timer: 0,
    retransmits: 0,
    interface: 0,
    cookie: spec.cookie ?? ++cookies,
    expiresMs: 0,
    receiveQueue: 0,
    sendQueue: 0,
    uid: 0,
    inode: 1,
    ...rest,
    state: stateNumber(state),
    localPort,
    remotePort,
    localAddress,
    remoteAddress,
  })
  const attributes = diagAttributes.write({
    ...(hasCounters && { info: { bytesAcked: acked ?? 0, bytesReceived: received ?? 0, ...info } }),
    ...(memory !== undefined && { memory }),
    ...(shutdown !== undefined && { shutdown }),
    ...(v6Only !== undefined && { v6Only }),
    ...(cgroupId !== undefined && { cgroupId }),
  })
  return writeRequest({ type: SOCK_DIAG_BY_FAMILY, flags: 2, sequence: 1, body: concat([body, attributes]) })
}

function endpoint(text: string, isMapped: boolean): [address: Uint8Array, port: number] {
  const colon = text.lastIndexOf(":")
  const address = parseAddress(text.slice(0, colon))
  if (address === undefined) throw new Error(`no address in ${text}`)
  const sixteen = new Uint8Array(16)
  if (isMapped) sixteen.set([0xff, 0xff, ...address], 10)
  else sixteen.set(address)
  return [sixteen, Number(text.slice(colon + 1))]
}

/** A table of these sockets, read as the collector reads them. */
export function tableOf(specs: readonly SocketSpec[]): SocketTable {
  const table = createSocketTable(4)
  for (const spec of specs) {
    const bytes = socketBytes(spec)
    if (!appendSocket(table, datagram(bytes), 0, bytes.length, IPPROTO_TCP)) throw new Error("a built socket is broken")
  }
  return table
}
