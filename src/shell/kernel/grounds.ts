/** What the diagnosis asks the kernel: links with counters, their queues, neighbour tables, rules that drop, the clock. */
import { errnoName, readClock, SystemError } from "../../../ffi/libc.ts"
import type { ClockState, DropRule, LinkGrounds, NeighbourTable, QueueGrounds } from "../../core/sample/grounds.ts"
import { DecodeError } from "../../core/wire/codec.ts"
import { NETLINK_NETFILTER } from "../../core/wire/conntrack.ts"
import { readDropRule, writeRuleDump } from "../../core/wire/drop-rules.ts"
import { AF_INET, AF_INET6, bodyAt } from "../../core/wire/inet-diag.ts"
import {
  IFF_LOOPBACK,
  NETLINK_ROUTE,
  readLinkMessage,
  readNeighbourTableMessage,
  readQueueMessage,
  writeLinkStatisticsDump,
  writeNeighbourTableDump,
  writeQueueDump,
} from "../../core/wire/rtnetlink.ts"
import { Conversation, KernelError } from "./netlink.ts"

/** A ruleset longer than this takes too long to be counted at every look. */
export const RULES_MAX = 5_000

type Write = (ask: { sequence: number }) => Uint8Array

/** Every row of one dump that says something; a dump that was interrupted is good enough for counters. */
async function list<T>(
  conversation: Conversation,
  operation: string,
  write: Write,
  read: (body: Uint8Array) => T | undefined,
): Promise<T[]> {
  const rows: T[] = []
  await conversation.dump(
    operation,
    (sequence) => write({ sequence }),
    (data, at, end) => {
      const row = decode(operation, () => read(data.bytes.subarray(bodyAt(at), end)))
      if (row !== undefined) rows.push(row)
    },
  )
  return rows
}

function decode<T>(operation: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof DecodeError ? new KernelError(operation, error.message) : error
  }
}

/** Every device of this network namespace with its counters. Throws `KernelError`. */
export async function listLinkGrounds(): Promise<readonly LinkGrounds[]> {
  using conversation = Conversation.open(NETLINK_ROUTE)
  return list(conversation, "read the counters of all interfaces", writeLinkStatisticsDump, (body) => {
    const { index, flags, name, mtu, statistics, carrierChanges } = readLinkMessage(body)
    if (name === undefined || statistics === undefined) return undefined
    return {
      index,
      name,
      isLoopback: (flags & IFF_LOOPBACK) !== 0,
      mtu: mtu ?? 0,
      rxPackets: statistics.rxPackets ?? 0,
      txPackets: statistics.txPackets ?? 0,
      rxBytes: statistics.rxBytes ?? 0,
      txBytes: statistics.txBytes ?? 0,
      rxErrors: statistics.rxErrors ?? 0,
      txErrors: statistics.txErrors ?? 0,
      rxDropped: statistics.rxDropped ?? 0,
      txDropped: statistics.txDropped ?? 0,
      rxMissed: statistics.rxMissedErrors ?? 0,
      rxFifo: statistics.rxFifoErrors ?? 0,
      crcErrors: statistics.rxCrcErrors ?? 0,
      ...(carrierChanges === undefined ? {} : { carrierChanges }),
    }
  })
}

/** Every queueing discipline that counts. Throws `KernelError`. */
export async function listQueueGrounds(): Promise<readonly QueueGrounds[]> {
  using conversation = Conversation.open(NETLINK_ROUTE)
  return list(conversation, "read the counters of send queues", writeQueueDump, (body) => {
    const { index, handle, parent, kind, statistics } = readQueueMessage(body)
    const { basic, queue } = statistics ?? {}
    if (kind === undefined || queue?.drops === undefined) return undefined
    // What is dropped on the way in is policy, and no queue.
    if (kind === "ingress" || kind === "clsact") return undefined
    return {
      index,
      kind,
      handle,
      parent,
      packets: basic?.packets ?? 0,
      drops: queue.drops,
      overlimits: queue.overlimits ?? 0,
      requeues: queue.requeues ?? 0,
      backlogBytes: queue.backlogBytes ?? 0,
    }
  })
}

/** How full the tables of neighbours are, of all namespaces together. Throws `KernelError`. */
export async function listNeighbourTables(): Promise<readonly NeighbourTable[]> {
  using conversation = Conversation.open(NETLINK_ROUTE)
  return list(conversation, "read the neighbour tables", writeNeighbourTableDump, (body) => {
    const { family, name, entriesMax, configuration, statistics } = readNeighbourTableMessage(body)
    if (name === undefined || entriesMax === undefined || configuration?.entries === undefined) return undefined
    if (family !== AF_INET && family !== AF_INET6) return undefined
    return {
      family: family === AF_INET ? "IPv4" : "IPv6",
      entryCount: configuration.entries,
      entriesMax,
      ...(statistics?.tableFulls === undefined ? {} : { fullCount: statistics.tableFulls }),
    }
  })
}

const RULES = "read the counters of firewall rules"

/** Rules that drop and count. Throws `KernelError`; with advice where a privilege is missing or there are too many. */
export async function listDropRules(): Promise<readonly DropRule[]> {
  using conversation = Conversation.open(NETLINK_NETFILTER)
  let total = 0
  try {
    const rules = await list(conversation, RULES, writeRuleDump, (body) => {
      total++
      return total > RULES_MAX ? undefined : readDropRule(body)
    })
    if (total > RULES_MAX) throw new KernelError(RULES, `there are ${total}, more than ${RULES_MAX}`)
    return rules
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const advice = ruleAdvice[error.answer]
    throw advice === undefined ? error : new KernelError(RULES, advice)
  }
}

const ruleAdvice: Readonly<Record<string, string>> = {
  EPERM: "the kernel refused (EPERM). Run with sudo, or give CAP_NET_ADMIN.",
  EACCES: "the kernel refused (EACCES). Run with sudo, or give CAP_NET_ADMIN.",
  EINVAL: "the kernel has no nf_tables (EINVAL)",
}

/** Throws `KernelError`. */
export function readClockState(): ClockState {
  try {
    return readClock()
  } catch (error) {
    throw error instanceof SystemError ? new KernelError("read the clock's state", errnoName(error.errno)) : error
  }
}
