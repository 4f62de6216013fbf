/** Opening a connection: answered, refused, late, or not at all. */
import { NEVER } from "../conversations.ts"
import {
  type Attempt,
  andMore,
  type Facts,
  firstOf,
  isPeer,
  milliseconds,
  packetsText,
  percentText,
  plural,
  sumOf,
  times,
  who,
} from "../facts.ts"
import { unreachableText } from "../icmp-text.ts"
import type { TraceRule } from "./rule.ts"

const withResult = ({ attempts }: Facts, result: Attempt["result"]) => attempts.filter((a) => a.result === result)

const synEvidence = (facts: Facts, attempts: readonly Attempt[]): string[] => [
  ...firstOf(attempts).map(({ conversation: c, synCount }) => {
    const sent = `${who(facts, c, c.opener)} sent [S] to ${who(facts, c, 1 - c.opener)} ${times(synCount)}`
    return `${sent}, no answer (${packetsText(c.synPackets, synCount)})`
  }),
  ...andMore(attempts.length, firstOf(attempts).length),
]

/** What silence means depends on which side of it we stand. */
function silence(facts: Facts, attempts: readonly Attempt[]): { meaning: string; next: string[] } {
  const isFromPeer = attempts.every(({ conversation: c }) => isPeer(facts, c, c.opener))
  const isFromHere = attempts.every(({ conversation: c }) => isPeer(facts, c, 1 - c.opener))
  if (isFromPeer && !isFromHere)
    return {
      meaning:
        "The peer's SYN arrives at this host, and this host does not answer. A closed port would answer with a reset, so something here drops it: a firewall rule, or a listener whose queue is full.",
      next: ["look at the firewall: nft list ruleset", "look at the listener's queue: ss -ltn"],
    }
  const asymmetric =
    facts.context.interfaceName === undefined || facts.context.interfaceName === "any"
      ? []
      : ["rule out an answer on another interface: trace again with --interface any"]
  return {
    meaning: `${isFromHere ? "This host's SYN leaves" : "The SYN passes here"}, and nothing comes back: neither an answer nor a refusal. The SYN or its answer is dropped on the way, or the peer is down.`,
    next: [
      "check route, firewall and security groups between both ends",
      "trace on the peer: does the SYN arrive there?",
      ...asymmetric,
    ],
  }
}

const CRIT_SYNS = 10

export const synUnanswered: TraceRule = {
  id: "syn-unanswered",
  restsOnAbsence: true,
  judge(facts) {
    const silent = withResult(facts, "unanswered")
    if (silent.length === 0 || !facts.context.hasBothDirections) return undefined
    if (facts.attempts.some(({ result }) => result === "answered")) return undefined
    const syns = sumOf(silent, ({ synCount }) => synCount)
    return {
      severity: syns >= CRIT_SYNS ? "crit" : "warn",
      confidence: syns >= 3 ? "high" : syns === 2 ? "medium" : "low",
      title: "SYN without an answer",
      evidence: synEvidence(facts, silent),
      ...silence(facts, silent),
    }
  },
}

/** Below this share of answered attempts, something stands between most of them. */
const LOW_SHARE = 0.4

export const handshakesPartlyAnswered: TraceRule = {
  id: "handshakes-partly-answered",
  restsOnAbsence: true,
  judge(facts) {
    const silent = withResult(facts, "unanswered")
    const answered = withResult(facts, "answered").length
    if (silent.length === 0 || answered === 0 || !facts.context.hasBothDirections) return undefined
    const share = answered / (answered + silent.length)
    const syns = sumOf(silent, ({ synCount }) => synCount)
    return {
      severity: "warn",
      confidence: share < LOW_SHARE && syns >= 3 ? "high" : syns >= 3 ? "medium" : "low",
      title: "Only some handshakes are answered",
      evidence: [
        `${answered} of ${answered + silent.length} attempts (${percentText(share)}) were answered`,
        ...synEvidence(facts, silent),
      ],
      meaning:
        "Some connections open and others get no answer at all: packets are lost now and then, a rate limit or a full queue drops some of them, or one of several backends is down.",
      next: [
        "compare the addresses and ports of the silent ones",
        "look at drops and queues on the side that does not answer",
      ],
    }
  },
}

export const synAckUnanswered: TraceRule = {
  id: "syn-ack-unanswered",
  restsOnAbsence: true,
  judge(facts) {
    if (!facts.context.hasBothDirections || !facts.context.hasWholeConversations) return undefined
    const open = facts.tcp.filter(
      (c) =>
        c.synAckUs !== NEVER &&
        c.establishedUs === NEVER &&
        c.reset === undefined &&
        c.sides[1 - c.opener]!.synAckCount >= 2,
    )
    if (open.length === 0) return undefined
    const [first] = open
    const opener = first!.opener
    const answers = sumOf(open, (c) => c.sides[1 - c.opener]!.synAckCount)
    return {
      severity: answers >= CRIT_SYNS ? "crit" : "warn",
      confidence: answers >= 3 ? "high" : "medium",
      title: "SYN-ACK without an answer",
      evidence: [
        ...firstOf(open).map((c) => {
          const { synAckCount } = c.sides[1 - c.opener]!
          return `${who(facts, c, 1 - c.opener)} sent [S.] to ${who(facts, c, c.opener)} ${times(synAckCount)}, never acknowledged (${packetsText(c.synAckPackets, synAckCount)})`
        }),
        ...andMore(open.length, firstOf(open).length),
      ],
      meaning: `The SYN arrives and is answered, and the answer does not reach ${who(facts, first!, opener)}, or its acknowledgement does not come back: the path works one way only, or the sender's address is not its own (a SYN flood).`,
      next: [
        "check the way back: route and firewall from the answering side",
        "trace on the other end: does [S.] arrive there?",
      ],
    }
  },
}

export const refused: TraceRule = {
  id: "refused",
  restsOnAbsence: false,
  judge(facts) {
    const list = withResult(facts, "refused")
    if (list.length === 0) return undefined
    return {
      severity: list.length >= 20 ? "crit" : "warn",
      confidence: "high",
      title: "Connections are refused",
      evidence: [
        ...firstOf(list).map(({ conversation: c }) => {
          const numbers = [...c.synPackets.slice(0, 1), ...(c.reset === undefined ? [] : [c.reset.number])]
          return `${who(facts, c, 1 - c.opener)} answered [S] with [R.] (${packetsText(numbers)})`
        }),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning:
        "The SYN arrives and is turned down at once. The host is up and reachable, but nothing listens on that port, or a firewall rejects with a reset.",
      next: ["see whether the service runs and on which address: ss -ltn", "look for reject rules: nft list ruleset"],
    }
  },
}

export const unreachable: TraceRule = {
  id: "unreachable",
  restsOnAbsence: false,
  judge(facts) {
    const told = facts.trace.conversations.flatMap((c) =>
      c.icmp.flatMap((error) => {
        const text = unreachableText(error)
        return text === undefined ? [] : [{ c, error, text }]
      }),
    )
    if (told.length === 0) return undefined
    return {
      severity: "warn",
      confidence: "high",
      title: `ICMP says: ${told[0]!.text.short}`,
      evidence: [
        ...firstOf(told).map(({ c, error, text }) => {
          const about = `${who(facts, c, error.answers)} to ${who(facts, c, 1 - error.answers)}`
          return `${text.from} told ${about}: ${text.short} (packet ${error.number})`
        }),
        ...andMore(told.length, firstOf(told).length),
      ],
      meaning: told[0]!.text.meaning,
      next: ["start where the sender of the ICMP message stands: its routes, its firewall, its services"],
    }
  },
}

const SLOW_US = 300_000

export const slowHandshake: TraceRule = {
  id: "slow-handshake",
  restsOnAbsence: false,
  judge(facts) {
    const late = facts.tcp
      .filter((c) => c.synUs !== NEVER && c.synAckUs !== NEVER && c.synAckUs - c.synUs >= SLOW_US)
      .sort((a, b) => b.synAckUs - b.synUs - (a.synAckUs - a.synUs))
    if (late.length === 0) return undefined
    const repeated = late.filter((c) => c.sides[c.opener]!.synCount > 1)
    return {
      severity: "warn",
      confidence: repeated.length > 0 ? "high" : "medium",
      title: repeated.length > 0 ? "SYN answered only when it was sent again" : "Handshakes are answered late",
      evidence: [
        ...firstOf(late).map((c) => {
          const { synCount } = c.sides[c.opener]!
          const answer = `${who(facts, c, 1 - c.opener)} answered after ${milliseconds(c.synAckUs - c.synUs)}`
          return `${answer}, [S] was sent ${times(synCount)} (${packetsText([...c.synPackets, ...c.synAckPackets.slice(0, 1)])})`
        }),
        ...andMore(late.length, firstOf(late).length),
      ],
      meaning:
        repeated.length > 0
          ? "The first SYN, or its answer, was lost; each loss here costs a whole second or more before any data flows."
          : "Between [S] and [S.] lies nothing but the way there and back and the other kernel: the way is long, or a queue on it is full.",
      next: [
        "compare with ping to the peer",
        `${plural(late.length, "connection")}: look at loss and queues on the path`,
      ],
    }
  },
}
