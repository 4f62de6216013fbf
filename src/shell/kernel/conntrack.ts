/**
 * The kernel's connection tracking: list flows, delete one, read its counters and its settings.
 *
 * Requests go over a conversation that the caller has opened, so that they work in any network namespace. Files are read
 * in our own, or by a reader that opens them in another (`readTextIn`).
 */
import { readFileSync, writeFileSync } from "node:fs"
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import { parseConntrackStatistics } from "../../core/proc/conntrack-statistics.ts"
import { appendFlow, type FlowTable } from "../../core/sample/flow-table.ts"
import type { Accounting, FlowScope } from "../../core/sample/flows.ts"
import type { ConntrackTable } from "../../core/sample/sample.ts"
import { DecodeError } from "../../core/wire/codec.ts"
import {
  type ConntrackCpu,
  type FlowFilter,
  type FlowIdentity,
  flowStatus,
  isConntrackHook,
  NETLINK_NETFILTER,
  readConntrackCpu,
  writeFlowDelete,
  writeFlowDump,
  writeHookDump,
  writeStatisticsDump,
} from "../../core/wire/conntrack.ts"
import { AF_INET, AF_INET6, bodyAt, IPPROTO_TCP, IPPROTO_UDP } from "../../core/wire/inet-diag.ts"
import type { Datagram } from "../../core/wire/message.ts"
import { Conversation, KernelError } from "./netlink.ts"

/** What an operator can do about an answer of nfnetlink. */
const advice: Readonly<Record<string, string>> = {
  EPERM: "the kernel refused (EPERM). Run with sudo, or give CAP_NET_ADMIN.",
  EACCES: "the kernel refused (EACCES). Run with sudo, or give CAP_NET_ADMIN.",
  // nfnetlink answers this for a part of it that is not there.
  EINVAL: "the kernel's connection tracking does not answer (EINVAL). Run: modprobe nf_conntrack_netlink",
  EPROTONOSUPPORT: "the kernel has no nfnetlink (EPROTONOSUPPORT). Run: modprobe nf_conntrack_netlink",
}

const LIST = "list connection tracking entries"
const STATISTICS = "read connection tracking statistics"

const advised = (error: unknown): unknown => {
  if (!(error instanceof KernelError)) return error
  const sentence = advice[error.answer]
  return sentence === undefined ? error : new KernelError(error.operation, sentence)
}

/** A conversation with nfnetlink, in our own network namespace or in `namespace`. Throws `KernelError`. */
export function openConntrack(namespace?: NamespacePlace): Conversation {
  try {
    return Conversation.open(NETLINK_NETFILTER, undefined, namespace)
  } catch (error) {
    throw advised(error)
  }
}

export interface FlowListing {
  /** What the table holds: all, where the kernel passed over our filter. */
  readonly scope: FlowScope
  /** Rows that could not be read. */
  readonly skipped: number
  /** The kernel marked the second try as interrupted too: rows may be missing. */
  readonly interrupted: boolean
  /** Flows of other protocols, by number: counted, not kept. With the narrow scope none are seen. */
  readonly others: ReadonlyMap<number, number>
  /** How long this thread was busy. */
  readonly busyMs: number
}

export interface ListOptions {
  readonly scope?: FlowScope
  /** Written into the rows; see `FlowTable`. */
  readonly namespace?: number
}

const NAT = flowStatus.sourceNat | flowStatus.targetNat

/** No flow is in two of them, so a narrow look has no doubles. A protocol is told apart only within a family. */
const narrowFilters: readonly FlowFilter[] = [
  { status: { value: flowStatus.sourceNat, mask: flowStatus.sourceNat } },
  { status: { value: flowStatus.targetNat, mask: NAT } },
  { family: AF_INET, protocol: IPPROTO_UDP, status: { value: 0, mask: NAT } },
  { family: AF_INET6, protocol: IPPROTO_UDP, status: { value: 0, mask: NAT } },
]

/**
 * Appends the flows of one namespace to `table`, TCP and UDP. A dump that the kernel marks as interrupted is asked
 * again, once. Throws `KernelError` with what to do.
 */
export async function listFlows(
  conversation: Conversation,
  table: FlowTable,
  { scope = "all", namespace = 0 }: ListOptions = {},
): Promise<FlowListing> {
  const whole = await listPart(conversation, table, scope === "all" ? {} : narrowFilters[0]!, namespace)
  // A kernel that does not know the filter passes over it and sends everything.
  const isWhole = scope === "all" || whole.ignored > 0
  const parts = [whole]
  if (!isWhole)
    for (const filter of narrowFilters.slice(1)) parts.push(await listPart(conversation, table, filter, namespace))
  const sum = (pick: (part: Part) => number) => parts.reduce((total, part) => total + pick(part), 0)
  return {
    scope: isWhole ? "all" : scope,
    skipped: sum(({ skipped }) => skipped),
    interrupted: parts.some(({ interrupted }) => interrupted),
    others: mergeCounts(parts.map(({ others }) => others)),
    busyMs: sum(({ busyMs }) => busyMs),
  }
}

interface Part {
  readonly skipped: number
  /** Rows the filter should have kept out. */
  readonly ignored: number
  readonly others: ReadonlyMap<number, number>
  readonly interrupted: boolean
  readonly busyMs: number
}

async function listPart(
  conversation: Conversation,
  table: FlowTable,
  filter: FlowFilter,
  namespace: number,
): Promise<Part> {
  const start = table.length
  const isFirst = filter === narrowFilters[0]
  const ask = async () => {
    table.length = start
    let skipped = 0
    let ignored = 0
    const others = new Map<number, number>()
    const { interrupted, busyMs } = await attempt(() =>
      conversation.dump(
        LIST,
        (sequence) => writeFlowDump({ sequence, filter }),
        (data, at, end) => {
          if (!appendFlow(table, data, at, end, namespace)) {
            skipped++
            return
          }
          const row = table.length - 1
          const matches = matchesFilter(table, row, filter)
          if (!matches) ignored++
          const protocol = table.protocol[row]!
          if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_UDP)
            others.set(protocol, (others.get(protocol) ?? 0) + 1)
          else if (matches || isFirst) return
          table.length = row
        },
      ),
    )
    return { skipped, ignored, others, interrupted, busyMs }
  }
  const first = await ask()
  if (!first.interrupted) return first
  const second = await ask()
  return { ...second, busyMs: first.busyMs + second.busyMs }
}

function matchesFilter(table: FlowTable, row: number, { status, protocol }: FlowFilter): boolean {
  if (status !== undefined && (table.status[row]! & status.mask) !== status.value) return false
  return protocol === undefined || table.protocol[row] === protocol
}

function mergeCounts(all: readonly ReadonlyMap<number, number>[]): ReadonlyMap<number, number> {
  const merged = new Map<number, number>()
  for (const counts of all) for (const [key, count] of counts) merged.set(key, (merged.get(key) ?? 0) + count)
  return merged
}

/**
 * Deletes one flow. False when it is gone already, or is another flow of the same addresses by now. The connection
 * itself does not end: its next packet makes a new entry, and a translated one loses its translation. Throws
 * `KernelError`.
 */
export async function deleteFlow(conversation: Conversation, flow: FlowIdentity): Promise<boolean> {
  try {
    await conversation.dump(
      "delete a connection tracking entry",
      (sequence) => writeFlowDelete({ ...flow, sequence }),
      () => {},
    )
    return true
  } catch (error) {
    if (error instanceof KernelError && error.answer === "ENOENT") return false
    throw advised(error)
  }
}

const PROC = "/proc"
/** A thread may be in another namespace than its process, so both of these are the thread's. */
const statisticsFile = (proc: string) => `${proc}/thread-self/net/stat/nf_conntrack`
const setting = (proc: string, name: string) => `${proc}/sys/net/netfilter/${name}`

/**
 * The counters of each CPU. They are asked of the kernel, or read from /proc where that needs a privilege we do not
 * have; the file is read before anything is waited for. Throws `KernelError`.
 */
export async function readConntrackStatistics(
  conversation: Conversation | undefined,
  proc = PROC,
): Promise<readonly ConntrackCpu[]> {
  const file = readTextOr(statisticsFile(proc))
  const fallback = file === undefined ? undefined : parseConntrackStatistics(file)
  if (conversation === undefined) {
    if (fallback !== undefined) return fallback
    throw new KernelError(STATISTICS, `${statisticsFile(proc)} cannot be read. Run: modprobe nf_conntrack`)
  }
  try {
    return await dumpStatistics(conversation)
  } catch (error) {
    if (error instanceof KernelError && fallback !== undefined) return fallback
    throw advised(error)
  }
}

/** As the kernel tells them, in the namespace of the conversation. Throws `KernelError`. */
export async function dumpStatistics(conversation: Conversation): Promise<readonly ConntrackCpu[]> {
  const cpus: ConntrackCpu[] = []
  await conversation.dump(
    STATISTICS,
    (sequence) => writeStatisticsDump({ sequence }),
    (data, at, end) => cpus.push(decode(STATISTICS, () => readConntrackCpu(body(data, at, end)))),
  )
  if (cpus.length > 0) return cpus
  throw new KernelError(STATISTICS, "an empty answer")
}

/**
 * Whether connection tracking is hooked into this namespace: it is only while a rule uses it, whatever the settings
 * say. `undefined` where the kernel cannot tell (Linux before 5.14, or built without it) or may not.
 */
export async function isTracking(conversation: Conversation): Promise<boolean | undefined> {
  let found = false
  const operation = "list netfilter hooks"
  try {
    for (const family of [AF_INET, AF_INET6])
      await conversation.dump(
        operation,
        (sequence) => writeHookDump({ family, sequence }),
        (data, at, end) => {
          found ||= decode(operation, () => isConntrackHook(body(data, at, end)))
        },
      )
    return found
  } catch (error) {
    if (error instanceof KernelError) return found ? true : undefined
    throw error
  }
}

const body = (data: Datagram, at: number, end: number) => data.bytes.subarray(bodyAt(at), end)

/** These answers are few and each matters, so one that cannot be read fails the whole request. */
function decode<T>(operation: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof DecodeError ? new KernelError(operation, error.message) : error
  }
}

async function attempt<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw advised(error)
  }
}

export interface ConntrackSettings {
  /** Absent when the module is not loaded. */
  readonly table?: ConntrackTable
  readonly accounting: Accounting
  readonly keepsTimes: boolean
}

/** The text of a file; `undefined`: it is not there. */
export type ReadText = (path: string) => string | undefined

function readNumber(name: string, readText: ReadText, proc = PROC): number | undefined {
  const text = readText(setting(proc, name))?.trim() ?? ""
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Entries in the table of the namespace that `readText` opens files in; `undefined`: the module is not loaded. */
export const readConntrackCount = (readText: ReadText): number | undefined => readNumber("nf_conntrack_count", readText)

/** Whether flows are counted that begin now, in the namespace that `readText` opens files in. */
export function readAccounting(readText: ReadText, proc = PROC): Accounting {
  const accounting = readNumber("nf_conntrack_acct", readText, proc)
  return accounting === undefined ? "unknown" : accounting === 0 ? "off" : "on"
}

/**
 * Count, maximum and switches of our own network namespace, or of the one that `readText` opens files in. Needs no
 * privilege; never throws.
 */
export function readConntrackSettings(proc = PROC, readText: ReadText = readTextOr): ConntrackSettings {
  const number = (name: string) => readNumber(name, readText, proc)
  const count = number("nf_conntrack_count")
  return {
    ...(count !== undefined && { table: { count, max: number("nf_conntrack_max") ?? 0 } }),
    accounting: readAccounting(readText, proc),
    keepsTimes: (number("nf_conntrack_timestamp") ?? 0) !== 0,
  }
}

/**
 * Makes the kernel count bytes of flows that begin from now on, in our own network namespace. Only ever
 * because an operator asked for it. Throws `KernelError`.
 */
export function enableAccounting(proc = PROC): void {
  const operation = "switch on accounting of connection tracking"
  try {
    writeFileSync(setting(proc, "nf_conntrack_acct"), "1\n", { flag: "r+" })
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error)
    if (code === "ENOENT")
      throw new KernelError(operation, "the module is not loaded (ENOENT). Run: modprobe nf_conntrack")
    if (code === "EROFS")
      throw new KernelError(
        operation,
        "/proc/sys is read-only here (EROFS). Run on the host: sysctl -w net.netfilter.nf_conntrack_acct=1",
      )
    throw advised(new KernelError(operation, code))
  }
}

function readTextOr(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

/** Whether any counter of connection tracking has ever moved here. */
export async function hasCounted(conversation: Conversation): Promise<boolean> {
  const cpus = await attempt(() => dumpStatistics(conversation))
  return cpus.some(({ cpu: _, ...counters }) => Object.values(counters).some((value) => value > 0))
}
