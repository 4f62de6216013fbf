/**
 * What the diagnosis judges: plain data made of two looks. Counters are rises in the window here, and gauges are as the
 * later look saw them. What could not be read keeps its reason.
 */
import type { Thresholds } from "../config/thresholds.ts"
import type {
  ClockState,
  CpuTime,
  DescriptorUse,
  DropRule,
  Grounds,
  LinkGrounds,
  NamespaceGrounds,
  NeighbourTable,
  QueueGrounds,
  UdpSocket,
} from "../sample/grounds.ts"
import {
  type ConntrackTable,
  missing,
  type Reading,
  reading,
  type Sample,
  type SocketStatistics,
} from "../sample/sample.ts"
import { type ConntrackRates, deriveConntrackRates } from "./conntrack-rates.ts"
import { type CounterPair, difference } from "./counter-difference.ts"
import type { Model } from "./model.ts"
import { type SocketSurvey, surveySockets } from "./socket-survey.ts"

/** A counter's two readings. */
export interface Step {
  readonly before: number
  readonly after: number
}

type LinkCounter = Exclude<keyof LinkGrounds, "index" | "name" | "isLoopback" | "mtu">

/** A device, with what its counters did. A counter that is absent was reset. */
export interface LinkRise {
  readonly index: number
  readonly name: string
  readonly isLoopback: boolean
  readonly mtu: number
  readonly rises: { readonly [K in LinkCounter]?: number }
}

export interface QueueRise {
  readonly device: string
  readonly kind: string
  readonly drops: Step
  readonly overlimits: number
  readonly packets: number
  readonly backlogBytes: number
}

export interface DropRuleRise extends Omit<DropRule, "packets"> {
  readonly packets: Step
}

export interface UdpRise extends UdpSocket {
  readonly dropsBefore: number
  /** It was there in the look before, and nothing waits to be read. */
  readonly isWaiting: boolean
}

/** One network namespace. */
export interface Scope {
  readonly netns: string
  /** The one this program runs in: everything is read there. */
  readonly isOwn: boolean
  /** Counters of the later and of the earlier look. */
  readonly counters: Reading<CounterPair>
  readonly survey: Reading<SocketSurvey>
  readonly portRange: NamespaceGrounds["portRange"]
  readonly links: Reading<readonly LinkRise[]>
  readonly queues: Reading<readonly QueueRise[]>
  readonly conntrack: Reading<ConntrackTable>
  readonly conntrackRates: Reading<ConntrackRates>
  readonly dropRules: Reading<readonly DropRuleRise[]>
  readonly udp: Reading<readonly UdpRise[]>
  readonly unansweredDns: NamespaceGrounds["unansweredDns"]
}

export interface Evidence {
  /** Wall clock of the later look, milliseconds. */
  readonly at: number
  readonly elapsedMs: number
  readonly thresholds: Thresholds
  readonly interface: Model["traffic"]
  readonly scopes: readonly Scope[]
  readonly socketStatistics: Reading<SocketStatistics>
  readonly softnet: Reading<readonly { readonly cpu: number; readonly dropped: Step }[]>
  /** Share of each CPU's time in the network's and other soft interrupts, percent. */
  readonly softirq: Reading<readonly { readonly cpu: number; readonly percent: number }[]>
  readonly tcpMemory: Grounds["tcpMemory"]
  readonly isTcpPressed: Grounds["isTcpPressed"]
  readonly orphansMax: Grounds["orphansMax"]
  readonly neighbours: Reading<readonly (NeighbourTable & { readonly refused: number })[]>
  readonly clock: Reading<ClockState>
  readonly files: Grounds["files"]
  readonly descriptors: Reading<readonly DescriptorUse[]>
  /** The device of each address of this host. */
  readonly devices: Readonly<Record<string, string>>
  /** What the look itself could not see. */
  readonly notes: Sample["notes"]
  readonly socketsReading: Reading<true>
}

const UNREAD = "not read by this command"
const FIRST = "needs a second look"

export interface EvidenceInput {
  readonly sample: Sample
  readonly previous: Sample
  readonly model: Model
  readonly thresholds: Thresholds
}

/** `sample.sockets` must have been linked with those of `previous`, and `model` made of both. */
export function deriveEvidence({ sample, previous, model, thresholds }: EvidenceInput): Evidence {
  const { grounds } = sample
  const earlier = previous.grounds
  const elapsedMs = sample.monotonicMs - previous.monotonicMs
  const unread = missing(UNREAD)
  const own = { index: 0, name: "host", counters: sample.counters } as const
  const namespaces: readonly (Pick<NamespaceGrounds, "index" | "name" | "counters"> & Partial<NamespaceGrounds>)[] =
    grounds?.namespaces ?? [own]
  const surveys = deriveSurveys(sample, previous, model, elapsedMs)
  const scopes = namespaces.map((now): Scope => {
    const before = earlier?.namespaces.find(({ index, name }) => index === now.index && name === now.name)
    const countersBefore = grounds === undefined ? previous.counters : before?.counters
    const links = now.links ?? unread
    return {
      netns: now.name,
      isOwn: now.index === 0,
      counters: both(now.counters, countersBefore, (value, past) => ({ now: value, before: past })),
      survey: surveys.ok ? reading(surveys.value.get(now.index) ?? EMPTY_SURVEY) : surveys,
      portRange: now.portRange ?? unread,
      links: both(links, before?.links, linkRises),
      queues: both(now.queues ?? unread, before?.queues, (value, past) => queueRises(value, past, links)),
      conntrack: now.conntrack ?? unread,
      conntrackRates: rates(now, before, elapsedMs),
      dropRules: both(now.dropRules ?? unread, before?.dropRules, dropRuleRises),
      udp: both(now.udp ?? unread, before?.udp, udpRises),
      unansweredDns: now.unansweredDns ?? [],
    }
  })
  return {
    at: sample.at,
    elapsedMs,
    thresholds,
    interface: model.traffic,
    scopes,
    socketStatistics: sample.socketStatistics,
    softnet: both(sample.softnet, previous.softnet, (value, past) =>
      value.flatMap(({ cpu, dropped }) => {
        const before = past.find((other) => other.cpu === cpu)?.dropped
        return before === undefined || dropped < before ? [] : [{ cpu, dropped: { before, after: dropped } }]
      }),
    ),
    softirq: both(grounds?.cpuTimes ?? unread, earlier?.cpuTimes, softirqShares),
    tcpMemory: grounds?.tcpMemory ?? unread,
    isTcpPressed: grounds?.isTcpPressed ?? unread,
    orphansMax: grounds?.orphansMax ?? unread,
    neighbours: both(grounds?.neighbours ?? unread, earlier?.neighbours, (value, past) =>
      value.map((table) => ({
        ...table,
        refused: difference(table.fullCount, past.find(({ family }) => family === table.family)?.fullCount) ?? 0,
      })),
    ),
    clock: grounds?.clock ?? unread,
    files: grounds?.files ?? unread,
    descriptors: grounds?.descriptors ?? unread,
    devices: Object.fromEntries(
      (sample.addresses.ok ? sample.addresses.value : []).map(({ address, interfaceName }) => [address, interfaceName]),
    ),
    notes: sample.notes,
    socketsReading: sample.sockets.ok ? reading(true) : sample.sockets,
  }
}

/** A value of both looks; the reason of the one that has none. */
function both<T, U>(now: Reading<T>, before: Reading<T> | undefined, derive: (now: T, before: T) => U): Reading<U> {
  if (!now.ok) return now
  if (before === undefined) return missing(FIRST)
  return before.ok ? reading(derive(now.value, before.value)) : missing(FIRST)
}

function rates(
  now: Partial<NamespaceGrounds>,
  before: NamespaceGrounds | undefined,
  elapsedMs: number,
): Reading<ConntrackRates> {
  const derived = both(now.conntrackCpus ?? missing(UNREAD), before?.conntrackCpus, (cpus, past) =>
    deriveConntrackRates(cpus, { cpus: past, elapsedMs }),
  )
  if (!derived.ok) return derived
  return derived.value === undefined
    ? missing("the counters of connection tracking were reset")
    : reading(derived.value)
}

const linkCounters: readonly LinkCounter[] = [
  "rxPackets",
  "txPackets",
  "rxBytes",
  "txBytes",
  "rxErrors",
  "txErrors",
  "rxDropped",
  "txDropped",
  "rxMissed",
  "rxFifo",
  "crcErrors",
  "carrierChanges",
]

const linkRises = (now: readonly LinkGrounds[], before: readonly LinkGrounds[]): LinkRise[] =>
  now.flatMap((link) => {
    const past = before.find(({ index, name }) => index === link.index && name === link.name)
    if (past === undefined) return []
    const rises = linkCounters.flatMap((counter) => {
      const rise = difference(link[counter], past[counter])
      return rise === undefined ? [] : [[counter, rise] as const]
    })
    const { index, name, isLoopback, mtu } = link
    return [{ index, name, isLoopback, mtu, rises: Object.fromEntries(rises) }]
  })

const queueRises = (
  now: readonly QueueGrounds[],
  before: readonly QueueGrounds[],
  links: Reading<readonly LinkGrounds[]>,
): QueueRise[] =>
  now.flatMap((queue) => {
    const past = before.find(
      ({ index, handle, parent }) => index === queue.index && handle === queue.handle && parent === queue.parent,
    )
    if (past === undefined || past.kind !== queue.kind || queue.drops < past.drops) return []
    const device = links.ok ? links.value.find(({ index }) => index === queue.index)?.name : undefined
    return [
      {
        device: device ?? `device ${queue.index}`,
        kind: queue.kind,
        drops: { before: past.drops, after: queue.drops },
        overlimits: difference(queue.overlimits, past.overlimits) ?? 0,
        packets: difference(queue.packets, past.packets) ?? 0,
        backlogBytes: queue.backlogBytes,
      },
    ]
  })

const dropRuleRises = (now: readonly DropRule[], before: readonly DropRule[]): DropRuleRise[] => {
  const key = ({ family, table, chain, handle }: DropRule) => `${family} ${table} ${chain} ${handle}`
  const past = new Map(before.map((rule) => [key(rule), rule.packets]))
  return now.flatMap((rule) => {
    const packets = past.get(key(rule))
    return packets === undefined || rule.packets < packets
      ? []
      : [{ ...rule, packets: { before: packets, after: rule.packets } }]
  })
}

const udpRises = (now: readonly UdpSocket[], before: readonly UdpSocket[]): UdpRise[] => {
  const past = new Map(before.map((socket) => [socket.cookie, socket]))
  return now.map((socket) => {
    const earlier = past.get(socket.cookie)
    return {
      ...socket,
      dropsBefore: earlier?.drops ?? 0,
      isWaiting: earlier !== undefined && socket.receiveQueue === 0,
    }
  })
}

const softirqShares = (now: readonly CpuTime[], before: readonly CpuTime[]) =>
  now.flatMap(({ cpu, softirq, total }) => {
    const past = before.find((other) => other.cpu === cpu)
    const whole = difference(total, past?.total)
    const part = difference(softirq, past?.softirq)
    return whole === undefined || part === undefined || whole === 0 ? [] : [{ cpu, percent: (part / whole) * 100 }]
  })

const PORTS_DEFAULT = 28_232
const PORTS_SHARE_WORTH = 0.5
const PORTS_MIN = 8

function deriveSurveys(
  sample: Sample,
  previous: Sample,
  model: Model,
  elapsedMs: number,
): Reading<ReadonlyMap<number, SocketSurvey>> {
  if (!sample.sockets.ok) return sample.sockets
  if (!model.connections.ok) return model.connections
  const links = new Map<string, LinkGrounds>()
  const own = sample.grounds?.namespaces[0]
  if (own?.links.ok === true) for (const link of own.links.value) links.set(link.name, link)
  const mtus = new Map<string, number>()
  for (const { address, interfaceName } of sample.addresses.ok ? sample.addresses.value : []) {
    const link = links.get(interfaceName)
    if (link !== undefined && !link.isLoopback) mtus.set(address, link.mtu)
  }
  const range = own?.portRange.ok === true ? own.portRange.value : undefined
  const ports = range === undefined ? PORTS_DEFAULT : range.to - range.from + 1 - range.reservedCount
  const surveys = surveySockets({
    sockets: sample.sockets.value,
    rates: model.connections.value.rates,
    ...(previous.sockets.ok ? { before: { sockets: previous.sockets.value, elapsedMs } } : {}),
    mtuOf: (address) => mtus.get(address),
    mtuMax: Math.max(0, ...mtus.values()),
    portsWorthCounting: Math.max(PORTS_MIN, Math.floor(ports * PORTS_SHARE_WORTH)),
  })
  return reading(new Map(surveys.map((survey) => [survey.namespace, survey])))
}

const none = { count: 0 }

/** A namespace without sockets. */
export const EMPTY_SURVEY: SocketSurvey = {
  namespace: 0,
  establishedCount: 0,
  timeWaitCount: 0,
  fullListeners: [],
  synReceived: { ...none, peerCount: 0 },
  synSent: none,
  closeWait: none,
  finWait1: none,
  localReaders: none,
  peerReaders: none,
  sendBuffers: none,
  stalled: none,
  blackHoles: none,
  inflated: { ...none, activeCount: 0 },
  loss: { sentBytes: 0, retransmittedBytes: 0, segmentCount: 0, lossyCount: 0, sendingCount: 0 },
  cameIn: none,
  wentOut: none,
  smallPaths: { ...none, comparedCount: 0 },
  heldCount: 0,
  knownCount: 0,
}
