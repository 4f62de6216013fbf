/**
 * Links, their queues, addresses and the tables of neighbours: NETLINK_ROUTE (linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h,
 * linux/pkt_sched.h, linux/gen_stats.h, linux/neighbour.h). All host order, except the addresses themselves.
 */
import {
  attributes,
  bytes,
  type Codec,
  DecodeError,
  growing,
  type Infer,
  i32h,
  struct,
  text,
  u8,
  u16h,
  u32h,
  u64h,
} from "./codec.ts"
import { AF_INET, AF_INET6 } from "./inet-diag.ts"
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, writeRequest } from "./message.ts"

// linux/netlink.h, linux/rtnetlink.h
export const NETLINK_ROUTE = 0
const RTM_GETLINK = 18
const RTM_GETADDR = 22
const RTM_GETQDISC = 38
const RTM_GETNEIGHTBL = 66

// linux/if_link.h, enum of IFLA_*
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_STATS64 = 23
const IFLA_EXT_MASK = 29
const IFLA_CARRIER_CHANGES = 35

// linux/rtnetlink.h
const RTEXT_FILTER_SKIP_STATS = 1 << 3

// linux/if_addr.h, enum of IFA_*
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_BROADCAST = 4

// linux/if_arp.h
/** Frames have a header of 14 bytes, which the device counts. */
export const ARPHRD_ETHER = 1

// linux/if.h, enum net_device_flags
export const IFF_UP = 1 << 0
export const IFF_LOOPBACK = 1 << 3

/** The longest name of a device, IFNAMSIZ without its NUL (linux/if.h). */
export const INTERFACE_NAME_MAX = 15

/** 4 bytes of IPv4 or 16 of IPv6, network order. */
const address: Codec<Uint8Array> = {
  read(given, path = "") {
    if (given.length !== 4 && given.length !== 16)
      throw new DecodeError(path, `expected 4 or 16 bytes, got ${given.length}`)
    return given.slice()
  },
  write: (value) => value,
}

/** struct rtnl_link_stats64. */
const linkStatistics = growing({
  rxPackets: [0, u64h],
  txPackets: [8, u64h],
  rxBytes: [16, u64h],
  txBytes: [24, u64h],
  rxErrors: [32, u64h],
  txErrors: [40, u64h],
  rxDropped: [48, u64h],
  txDropped: [56, u64h],
  rxCrcErrors: [96, u64h],
  rxFifoErrors: [112, u64h],
  rxMissedErrors: [120, u64h],
})

/** The length of struct ifinfomsg; attributes follow it. */
const LINK_MESSAGE_SIZE = 16

/** struct ifinfomsg. */
const linkMessage = struct(LINK_MESSAGE_SIZE, {
  family: [0, u8],
  hardwareType: [2, u16h],
  index: [4, i32h],
  flags: [8, u32h],
  change: [12, u32h],
})

const linkAttributes = attributes({
  // 6 bytes on Ethernet, 4 on a tunnel, 20 on InfiniBand.
  hardwareAddress: [IFLA_ADDRESS, bytes],
  name: [IFLA_IFNAME, text],
  mtu: [IFLA_MTU, u32h],
  statistics: [IFLA_STATS64, linkStatistics],
  extensions: [IFLA_EXT_MASK, u32h],
  carrierChanges: [IFLA_CARRIER_CHANGES, u32h],
})

export type LinkMessage = Infer<typeof linkMessage> & Infer<typeof linkAttributes>

/** Reads one RTM_NEWLINK without its netlink header. Throws `DecodeError`. */
export function readLinkMessage(body: Uint8Array): LinkMessage {
  return { ...linkMessage.read(body, "link"), ...linkAttributes.read(body.subarray(LINK_MESSAGE_SIZE), "link") }
}

const anyLink = { family: 0, hardwareType: 0, index: 0, flags: 0, change: 0 } as const

/**
 * Asks for one link by name, counters included. The acknowledgement is asked for too, since an answer of one message
 * has no *done*. As `ip -s link show dev NAME`.
 */
export function writeLinkRequest(ask: { name: string; sequence: number }): Uint8Array<ArrayBuffer> {
  return linkRequest(ask.sequence, NLM_F_ACK, { name: ask.name })
}

/** Asks for every link without counters (a kernel before 5.15 sends them all the same). As `ip link show`. */
export function writeLinkDump(ask: { sequence: number }): Uint8Array<ArrayBuffer> {
  return linkRequest(ask.sequence, NLM_F_DUMP, { extensions: RTEXT_FILTER_SKIP_STATS })
}

/** Asks for every link with its counters. As `ip -s link show`. */
export function writeLinkStatisticsDump(ask: { sequence: number }): Uint8Array<ArrayBuffer> {
  return linkRequest(ask.sequence, NLM_F_DUMP, {})
}

function linkRequest(sequence: number, flags: number, about: Infer<typeof linkAttributes>): Uint8Array<ArrayBuffer> {
  const head = linkMessage.write(anyLink)
  const rest = linkAttributes.write(about)
  const body = new Uint8Array(head.length + rest.length)
  body.set(head)
  body.set(rest, head.length)
  return writeRequest({ type: RTM_GETLINK, flags: NLM_F_REQUEST | flags, sequence, body })
}

/** The length of struct ifaddrmsg; attributes follow it. */
const ADDRESS_MESSAGE_SIZE = 8

/** struct ifaddrmsg. */
const addressMessage = struct(ADDRESS_MESSAGE_SIZE, {
  family: [0, u8],
  prefixLength: [1, u8],
  flags: [2, u8],
  scope: [3, u8],
  index: [4, u32h],
})

const addressAttributes = attributes({
  address: [IFA_ADDRESS, address],
  local: [IFA_LOCAL, address],
  broadcast: [IFA_BROADCAST, address],
})

export type AddressMessage = Infer<typeof addressMessage> & Infer<typeof addressAttributes>

/**
 * Reads one RTM_NEWADDR without its netlink header; nothing when it is of another family than IPv4 and IPv6, which
 * a dump of all families may hold. Throws `DecodeError`.
 */
export function readAddressMessage(body: Uint8Array): AddressMessage | undefined {
  const head = addressMessage.read(body, "address")
  if (head.family !== AF_INET && head.family !== AF_INET6) return undefined
  return { ...head, ...addressAttributes.read(body.subarray(ADDRESS_MESSAGE_SIZE), "address") }
}

/** Asks for every address of every link. As `ip address show`. */
export function writeAddressDump(ask: { sequence: number }): Uint8Array<ArrayBuffer> {
  const body = addressMessage.write({ family: 0, prefixLength: 0, flags: 0, scope: 0, index: 0 })
  return writeRequest({
    type: RTM_GETADDR,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    sequence: ask.sequence,
    body,
  })
}

// linux/rtnetlink.h
const RTM_GETROUTE = 26
const RTN_LOCAL = 2
const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PREFSRC = 7

/** The length of struct rtmsg; attributes follow it. */
const ROUTE_MESSAGE_SIZE = 12

/** struct rtmsg. */
const routeMessage = struct(ROUTE_MESSAGE_SIZE, {
  family: [0, u8],
  targetLength: [1, u8],
  sourceLength: [2, u8],
  tos: [3, u8],
  table: [4, u8],
  protocol: [5, u8],
  scope: [6, u8],
  type: [7, u8],
  flags: [8, u32h],
})

const routeAttributes = attributes({
  target: [RTA_DST, address],
  interfaceIndex: [RTA_OIF, u32h],
  gateway: [RTA_GATEWAY, address],
  preferredSource: [RTA_PREFSRC, address],
})

export type RouteMessage = Infer<typeof routeAttributes> & {
  /** The address is one of this host's own. */
  readonly isLocal: boolean
}

/** Reads one RTM_NEWROUTE without its netlink header. Throws `DecodeError`. */
export function readRouteMessage(body: Uint8Array): RouteMessage {
  const head = routeMessage.read(body, "route")
  return { isLocal: head.type === RTN_LOCAL, ...routeAttributes.read(body.subarray(ROUTE_MESSAGE_SIZE), "route") }
}

/** Asks by which way a packet to `target` (4 or 16 bytes) would leave. As `ip route get TARGET`. */
export function writeRouteRequest(ask: { target: Uint8Array; sequence: number }): Uint8Array<ArrayBuffer> {
  const head = routeMessage.write({
    family: ask.target.length === 4 ? AF_INET : AF_INET6,
    targetLength: ask.target.length * 8,
    sourceLength: 0,
    tos: 0,
    table: 0,
    protocol: 0,
    scope: 0,
    type: 0,
    flags: 0,
  })
  const rest = routeAttributes.write({ target: ask.target })
  const body = new Uint8Array(head.length + rest.length)
  body.set(head)
  body.set(rest, head.length)
  return writeRequest({ type: RTM_GETROUTE, flags: NLM_F_REQUEST | NLM_F_ACK, sequence: ask.sequence, body })
}

// ---- queueing disciplines ------------------------------------------------------------------------------------------

// linux/rtnetlink.h, enum of TCA_*; linux/gen_stats.h, enum of TCA_STATS_*
const TCA_KIND = 1
const TCA_STATS2 = 7
const TCA_STATS_BASIC = 1
const TCA_STATS_QUEUE = 3

/** The length of struct tcmsg; attributes follow it. */
const QUEUE_MESSAGE_SIZE = 20

/** struct tcmsg. */
const queueMessage = struct(QUEUE_MESSAGE_SIZE, {
  family: [0, u8],
  index: [4, i32h],
  handle: [8, u32h],
  parent: [12, u32h],
})

const queueAttributes = attributes({
  kind: [TCA_KIND, text],
  statistics: [
    TCA_STATS2,
    attributes({
      /** struct gnet_stats_basic. */
      basic: [TCA_STATS_BASIC, growing({ bytes: [0, u64h], packets: [8, u32h] })],
      /** struct gnet_stats_queue. */
      queue: [
        TCA_STATS_QUEUE,
        growing({
          length: [0, u32h],
          backlogBytes: [4, u32h],
          drops: [8, u32h],
          requeues: [12, u32h],
          overlimits: [16, u32h],
        }),
      ],
    }),
  ],
})

export type QueueMessage = Infer<typeof queueMessage> & Infer<typeof queueAttributes>

/** Reads one RTM_NEWQDISC without its netlink header. Throws `DecodeError`. */
export function readQueueMessage(body: Uint8Array): QueueMessage {
  return { ...queueMessage.read(body, "queue"), ...queueAttributes.read(body.subarray(QUEUE_MESSAGE_SIZE), "queue") }
}

/** Asks for the queueing disciplines of every link. As `tc -s qdisc show`. */
export function writeQueueDump(ask: { sequence: number }): Uint8Array<ArrayBuffer> {
  const body = queueMessage.write({ family: 0, index: 0, handle: 0, parent: 0 })
  return writeRequest({ type: RTM_GETQDISC, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: ask.sequence, body })
}

// ---- tables of neighbours ------------------------------------------------------------------------------------------

// linux/neighbour.h, enum of NDTA_*
const NDTA_NAME = 1
const NDTA_THRESH3 = 4
const NDTA_CONFIG = 5
const NDTA_STATS = 7

/** The length of struct ndtmsg; attributes follow it. */
const NEIGHBOUR_TABLE_MESSAGE_SIZE = 4

/** struct ndtmsg. */
const neighbourTableMessage = struct(NEIGHBOUR_TABLE_MESSAGE_SIZE, { family: [0, u8] })

const neighbourTableAttributes = attributes({
  name: [NDTA_NAME, text],
  entriesMax: [NDTA_THRESH3, u32h],
  /** struct ndt_config. Absent in the messages that are about one device. */
  configuration: [NDTA_CONFIG, growing({ entries: [4, u32h] })],
  /** struct ndt_stats. */
  statistics: [NDTA_STATS, growing({ tableFulls: [80, u64h] })],
})

export type NeighbourTableMessage = Infer<typeof neighbourTableMessage> & Infer<typeof neighbourTableAttributes>

/** Reads one RTM_NEWNEIGHTBL without its netlink header. Throws `DecodeError`. */
export function readNeighbourTableMessage(body: Uint8Array): NeighbourTableMessage {
  return {
    ...neighbourTableMessage.read(body, "neighbour table"),
    ...neighbourTableAttributes.read(body.subarray(NEIGHBOUR_TABLE_MESSAGE_SIZE), "neighbour table"),
  }
}

/** Asks for the tables of neighbours: how full each is, of all namespaces together. As `ip ntable show`. */
export function writeNeighbourTableDump(ask: { sequence: number }): Uint8Array<ArrayBuffer> {
  const body = neighbourTableMessage.write({ family: 0 })
  return writeRequest({ type: RTM_GETNEIGHTBL, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: ask.sequence, body })
}
