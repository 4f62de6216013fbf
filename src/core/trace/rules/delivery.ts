/** Whether what was sent arrives: loss, size, direction, and readers that do not read. */
import { count } from "../../text/units.ts"
import { addressText } from "../address-text.ts"
import { type Conversation, EVIDENCE_MAX, NEVER, type Side } from "../conversations.ts"
import {
  andMore,
  confidenceBySize,
  type Facts,
  firstOf,
  isPeer,
  lostBy,
  packetsText,
  percentText,
  plural,
  type Stuck,
  seconds,
  sumOf,
  times,
  who,
} from "../facts.ts"
import { mtuOf } from "../icmp-text.ts"
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP } from "../packet.ts"
import type { TraceRule } from "./rule.ts"

const stuckEvidence = (facts: Facts, list: readonly Stuck[]): string[] => [
  ...firstOf(list).map(({ conversation: c, end, times: n, payload }) => {
    const { retransmitPackets, retransmits } = c.sides[end]
    const sent = `${who(facts, c, end)} sent the same ${count(payload)} bytes again ${times(n)}`
    return `${sent}, never acknowledged (${packetsText(retransmitPackets, retransmits)})`
  }),
  ...andMore(list.length, firstOf(list).length),
]

/** Gaps of a full segment that nothing filled, while everything smaller from that side arrived. */
function missingFullSize(facts: Facts): { c: Conversation; end: number; bytes: number }[] {
  return facts.tcp.flatMap((c) =>
    [0, 1].flatMap((end) => {
      const side = c.sides[end]!
      const mss = Math.min(...[c.sides[0].mss, c.sides[1].mss].filter((value) => value > 0))
      const bytes = side.holes.length === 0 ? 0 : (side.holes[1]! - side.holes[0]!) | 0
      const isFullSize = Number.isFinite(mss) && bytes >= mss - 40 && side.largestPayload < mss - 40
      return isFullSize && facts.endUs - side.advancedUs >= 1_000_000 ? [{ c, end, bytes }] : []
    }),
  )
}

const toldMtu = (facts: Facts) =>
  facts.trace.conversations.flatMap((c) =>
    c.icmp.flatMap((error) => {
      const mtu = mtuOf(error)
      return mtu === undefined ? [] : [{ c, error, mtu }]
    }),
  )

export const mtuBlackHole: TraceRule = {
  id: "mtu-black-hole",
  restsOnAbsence: true,
  judge(facts) {
    const list = facts.stuck.filter(({ cause }) => cause === "size")
    const missing = missingFullSize(facts)
    if (list.length === 0 && missing.length === 0) return undefined
    const told = toldMtu(facts)
    const passed = list[0] === undefined ? undefined : list[0].conversation.sides[list[0].end].largestDelivered
    return {
      severity: "crit",
      // Without a later segment that arrived, the path may have closed altogether just then.
      confidence:
        missing.length > 0 || list.some(({ conversation: c, end }) => c.sides[end].passedWhileStuck)
          ? "high"
          : "medium",
      title: "Full-size packets do not arrive, small ones do",
      evidence: [
        ...stuckEvidence(facts, list),
        ...firstOf(missing).map(
          ({ c, end, bytes }) =>
            `${count(bytes)} bytes from ${who(facts, c, end)} never came, while smaller segments behind them did`,
        ),
        ...(passed === undefined || passed === 0 ? [] : [`segments of up to ${count(passed)} bytes were acknowledged`]),
        told.length === 0
          ? "no ICMP message asks for smaller packets"
          : `${addressText(told[0]!.error.from)} asked for packets of at most ${told[0]!.mtu} bytes (packet ${told[0]!.error.number}), and full-size ones go on`,
      ],
      meaning:
        "Somewhere on the way the largest packet that fits (MTU) is smaller than here, and the message that would say so does not get through or is not obeyed. Connections open, small answers work, and large ones hang.",
      next: [
        "find the size that passes: ping -M do -s 1372 PEER",
        "let ICMP fragmentation-needed and packet-too-big through every firewall",
        "until then: lower the MTU here, or clamp the MSS",
      ],
    }
  },
}

export const fragmentationNeeded: TraceRule = {
  id: "fragmentation-needed",
  restsOnAbsence: false,
  judge(facts) {
    if (mtuBlackHole.judge(facts) !== undefined) return undefined
    const told = toldMtu(facts)
    const [first] = told
    if (first === undefined) return undefined
    return {
      severity: "warn",
      confidence: "medium",
      title: "A router asks for smaller packets",
      evidence: [
        ...firstOf(told).map(
          ({ c, error, mtu }) =>
            `${addressText(error.from)} told ${who(facts, c, error.answers)}: at most ${mtu} bytes (packet ${error.number})`,
        ),
        ...andMore(told.length, firstOf(told).length),
      ],
      meaning:
        "The path's MTU is smaller than this link's. The sender has been told and can send smaller packets; nothing is lost for long as long as these messages get through.",
      next: ["make the MTU on both ends that of the path, if this comes often"],
    }
  },
}

export const oneWayTraffic: TraceRule = {
  id: "one-way-traffic",
  restsOnAbsence: true,
  judge(facts) {
    if (!facts.context.hasBothDirections || !facts.context.hasWholeConversations) return undefined
    const stuck = facts.stuck.filter(({ cause }) => cause === "path")
    const silent = facts.trace.conversations.filter((c) => isOneWay(c))
    if (stuck.length === 0 && silent.length === 0) return undefined
    const isTcp = stuck.length > 0 || silent.some(({ protocol }) => protocol === IPPROTO_TCP)
    const { interfaceName } = facts.context
    return {
      severity: isTcp ? "crit" : "warn",
      confidence: stuck.length > 0 ? "high" : isTcp ? "medium" : "low",
      title: "Traffic passes one way only",
      evidence: [
        ...stuckEvidence(facts, stuck),
        ...stuck.slice(0, 1).map(({ conversation: c, end }) => backEvidence(facts, c, end)),
        ...firstOf(silent).map((c) => {
          const { packets } = c.sides[0]
          return `${plural(packets, "packet")} from ${who(facts, c, 0)} to ${who(facts, c, 1)}, none back (from packet ${c.firstNumber})`
        }),
        ...andMore(silent.length, firstOf(silent).length),
      ],
      meaning: isTcp
        ? "What one end sends is not acknowledged, however often it is sent: the packets are dropped on the way, or the answers are. A firewall that forgot or blocks one direction, and a broken route back, look like this."
        : "Only one end is heard. Some protocols are meant so (logs, statistics); one that expects an answer does not get it.",
      next: [
        "trace on the other end: do these packets arrive there?",
        "check firewall and route in both directions",
        ...(interfaceName === undefined || interfaceName === "any"
          ? []
          : ["rule out a way back over another interface: trace again with --interface any"]),
      ],
    }
  },
}

const ONE_WAY_MIN = 3

/** Handshakes and DNS have rules of their own. */
function isOneWay(c: Conversation): boolean {
  const [first, second] = c.sides
  if (second.packets > 0 || first.packets < ONE_WAY_MIN || c.icmp.length > 0) return false
  if (c.protocol === IPPROTO_TCP) return first.packets > first.synCount + first.rstCount
  // An echo and its reply are of one conversation; errors and neighbour discovery are never answered in kind.
  if (c.protocol === IPPROTO_ICMP || c.protocol === IPPROTO_ICMPV6) return c.echoes >= ONE_WAY_MIN
  return c.protocol === IPPROTO_UDP && !c.ports.includes(53) && !isGroup(c.addresses[1])
}

/** Multicast and broadcast expect no answer from that address. */
const isGroup = (words: readonly number[]): boolean =>
  words[2] === 0xffff && words[0] === 0 && words[1] === 0 ? words[3]! >= 0xe0000000 : words[0]! >>> 24 === 0xff

function backEvidence(facts: Facts, c: Conversation, end: number): string {
  const other = c.sides[1 - end]!
  const since = c.sides[end]!.stuckSinceUs
  const name = who(facts, c, 1 - end)
  if (other.packets === 0) return `nothing came from ${name}`
  return other.lastUs > since && since !== NEVER
    ? `packets of ${name} arrive, and acknowledge none of it`
    : `nothing has come from ${name} since`
}

const WARN_COUNT = 3
const WARN_SHARE = 0.01
const CRIT_COUNT = 10
const CRIT_SHARE = 0.05

interface Sender {
  /** One of its sides, for its name; `undefined` for all senders together. */
  readonly side?: { readonly c: Conversation; readonly end: number }
  packets: number
  data: number
  again: number
  late: number
  duplicateAcks: number
  numbers: number[]
}

export const retransmissions: TraceRule = {
  id: "retransmissions",
  restsOnAbsence: true,
  judge(facts) {
    const isStuck = new Set(facts.stuck.map(({ conversation }) => conversation))
    const moving = facts.tcp.filter((c) => !isStuck.has(c))
    if (sumOf(moving, ({ sides: [a, b] }) => lostBy(a) + lostBy(b)) < WARN_COUNT) return undefined
    const senders = new Map<number | string, Sender>()
    const all: Sender = createSender()
    for (const c of moving)
      for (const end of [0, 1]) {
        const key = senderKey(c.addresses[end]!)
        const sender = senders.get(key) ?? createSender({ c, end })
        senders.set(key, sender)
        addSide(sender, c.sides[end]!, c.sides[1 - end]!)
        addSide(all, c.sides[end]!, c.sides[1 - end]!)
      }
    const isGuilty = ({ again, late, data }: Sender) => again + late >= WARN_COUNT && again + late >= data * WARN_SHARE
    const guilty = [...senders.values()].filter(isGuilty)
    // A little from each of many is as bad as much from one.
    const worst = (guilty.length === 0 && isGuilty(all) ? [all] : guilty)
      .toSorted((a, b) => b.again + b.late - (a.again + a.late))
      .slice(0, SENDERS_SHOWN)
      .map((sender) => ({ ...sender, name: senderName(facts, sender) }))
    const [first] = worst
    if (first === undefined) return undefined
    const lost = first.again + first.late
    const isBefore = first.late > first.again
    return {
      severity: lost >= CRIT_COUNT && lost >= first.data * CRIT_SHARE ? "crit" : "warn",
      confidence: confidenceBySize(first.data + first.packets),
      title: `Retransmissions from ${first.name}`,
      evidence: [
        ...worst.map((s) => {
          const share = percentText((s.again + s.late) / Math.max(1, s.data))
          const parts = [
            s.again > 0 ? `${count(s.again)} seen before` : "",
            s.late > 0 ? `${count(s.late)} filled a gap` : "",
          ]
          const text = `${s.name}: ${count(s.again + s.late)} of ${count(s.data)} data packets (${share}) sent again`
          return `${text}, ${parts.filter((part) => part !== "").join(", ")} (${packetsText(s.numbers, s.again + s.late)})`
        }),
        ...(first.duplicateAcks > 0 ? [`${plural(first.duplicateAcks, "duplicate ACK")} asked for them`] : []),
      ],
      meaning: isBefore
        ? `Segments of ${first.name} are lost before they come here, and are sent again.`
        : `Segments of ${first.name} pass here and are sent again: they, or their acknowledgements, are lost behind this point.`,
      next: [
        "look at drops of the interfaces on the way: ip -s link, ethtool -S",
        "measure loss with mtr to the peer",
        "compare at another hour: is a link full?",
      ],
    }
  },
}

const SENDERS_SHOWN = 4

const createSender = (side?: Sender["side"]): Sender => ({
  ...(side === undefined ? {} : { side }),
  packets: 0,
  data: 0,
  again: 0,
  late: 0,
  duplicateAcks: 0,
  numbers: [],
})

/** There may be many: an IPv4 address needs no text for this. */
const senderKey = (words: readonly number[]): number | string =>
  words[0] === 0 && words[1] === 0 && words[2] === 0xffff ? words[3]! : words.join()

function addSide(sender: Sender, side: Side, other: Side): void {
  sender.packets += side.packets
  sender.data += side.dataPackets
  sender.again += side.retransmits
  sender.late += side.lateFills
  sender.duplicateAcks += other.duplicateAcks
  if (lostBy(side) === 0) return
  for (const number of [...side.retransmitPackets, ...side.fillPackets])
    if (sender.numbers.length < EVIDENCE_MAX) sender.numbers.push(number)
}

function senderName(facts: Facts, { side }: Sender): string {
  if (side === undefined) return "many senders"
  const { c, end } = side
  const address = addressText(c.addresses[end]!)
  if (isPeer(facts, c, end)) return `peer ${address}`
  return isPeer(facts, c, 1 - end) ? `this host (${address})` : address
}

const DUPLICATES_MIN = 10
const DUPLICATES_SHARE = 0.05

export const duplicateAcks: TraceRule = {
  id: "duplicate-acks",
  restsOnAbsence: false,
  judge(facts) {
    const list = facts.tcp
      .flatMap((c) => [0, 1].map((end) => ({ c, end, side: c.sides[end]!, sender: c.sides[1 - end]! })))
      .filter(
        ({ side, sender }) =>
          side.duplicateAcks >= DUPLICATES_MIN &&
          side.duplicateAcks >= side.packets * DUPLICATES_SHARE &&
          lostBy(sender) === 0,
      )
    const [first] = list
    if (first === undefined) return undefined
    return {
      severity: "warn",
      confidence: confidenceBySize(sumOf(list, ({ side }) => side.packets)),
      title: "Duplicate ACKs, and nothing sent again",
      evidence: firstOf(list).map(
        ({ c, end, side }) =>
          `${who(facts, c, end)} sent ${plural(side.duplicateAcks, "duplicate ACK")} (${packetsText(side.duplicateAckPackets, side.duplicateAcks)})`,
      ),
      meaning: `${who(facts, first.c, first.end)} keeps saying that a piece is missing, and nobody sends it again here: the capture ended before, or packets come out of order.`,
      next: ["trace longer", "look for load balancing over links of different length"],
    }
  },
}

const CLOSED_WARN_US = 100_000
const CLOSED_CRIT_US = 1_000_000

export const zeroWindow: TraceRule = {
  id: "zero-window",
  restsOnAbsence: false,
  judge(facts) {
    const list = facts.tcp
      .flatMap((c) =>
        [0, 1].map((end) => ({ c, end, side: c.sides[end]!, closedUs: closedFor(c.sides[end]!, c, facts.endUs) })),
      )
      .filter(({ side, closedUs }) => side.zeroWindows > 0 && closedUs >= CLOSED_WARN_US)
      .sort((a, b) => b.closedUs - a.closedUs)
    const [first] = list
    if (first === undefined) return undefined
    const name = who(facts, first.c, first.end)
    return {
      severity: first.closedUs >= CLOSED_CRIT_US ? "crit" : "warn",
      confidence: "high",
      title: "The receiver's window is closed",
      evidence: [
        ...firstOf(list).map(
          ({ c, end, side, closedUs }) =>
            `${who(facts, c, end)} said window 0 ${times(side.zeroWindows)}, closed for ${seconds(closedUs)} (${packetsText(side.zeroWindowPackets, side.zeroWindows)})`,
        ),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning: `The program at ${name} does not read what arrives: its receive buffer is full, and it tells the sender to wait. Neither the network nor the sender is at fault.`,
      next: [`look at the program at ${name}: is it busy, blocked, or writing to a slow disk?`],
    }
  },
}

const closedFor = (side: Side, c: Conversation, endUs: number): number =>
  side.zeroTotalUs + (side.zeroSinceUs === NEVER || c.reset !== undefined ? 0 : Math.max(0, endUs - side.zeroSinceUs))
