/** How connections end: resets, and closes that come too early or stay half done. */
import { type Conversation, NEVER, type Reset } from "../conversations.ts"
import {
  andMore,
  confidenceBySize,
  type Facts,
  firstOf,
  packetsText,
  percentText,
  plural,
  seconds,
  who,
} from "../facts.ts"
import type { TraceRule } from "./rule.ts"

const isRefusal = ({ after }: Reset) => after === "syn"

/** The end that waits for connections: it did not open this one, or has the port that was asked for, or the lower one. */
export function acceptorOf(facts: Facts, c: Conversation): number {
  if (c.opener >= 0) return 1 - c.opener
  const { port } = facts.context
  if (port !== undefined && (c.ports[0] === port) !== (c.ports[1] === port)) return c.ports[0] === port ? 0 : 1
  return c.ports[0] < c.ports[1] ? 0 : 1
}

const RESETS_MIN = 5
const WARN_SHARE = 0.2
const CRIT_SHARE = 0.4
const CRIT_COUNT = 20

export const resetPressure: TraceRule = {
  id: "reset-pressure",
  restsOnAbsence: false,
  judge(facts) {
    const { trace, context } = facts
    const refusals = facts.attempts.filter(({ result }) => result === "refused").length
    const resets = trace.counts.rst - refusals
    // A filter for SYN and RST leaves nothing else to compare with.
    const whole = context.hasWholeConversations ? trace.counts.tcp : trace.counts.syn
    const share = whole === 0 ? 1 : resets / whole
    if (resets < RESETS_MIN || share < WARN_SHARE) return undefined
    const of = context.hasWholeConversations ? "TCP packets" : "SYN"
    return {
      severity: share >= CRIT_SHARE || resets >= CRIT_COUNT ? "crit" : "warn",
      confidence: confidenceBySize(trace.counts.tcp),
      title: "Many resets",
      evidence: [
        `${plural(resets, "reset")} and ${whole} ${of} (${percentText(share)})`,
        ...resetEvidence(facts, torn(facts)),
      ],
      meaning:
        "Connections are torn down instead of closed: by a program that gives up, a firewall, or a load balancer that has lost its state.",
      next: ["look at the log of the program that resets", "look for reject rules and idle timeouts on both ends"],
    }
  },
}

/** Resets that cut something off, and are not the usual end of a closed connection. */
function torn({ tcp }: Facts): Conversation[] {
  return tcp.filter(({ reset, dataAfterFin }) => {
    if (reset === undefined || isRefusal(reset) || reset.after === "syn-ack") return false
    return reset.after !== "fin" || dataAfterFin > 0
  })
}

const afterText: Readonly<Record<Reset["after"], string>> = {
  syn: "in answer to [S]",
  "syn-ack": "in answer to [S.]",
  data: "while data was under way",
  fin: "in answer to data behind the close",
  idle: "after silence",
  nothing: "before any data",
}

const resetEvidence = (facts: Facts, list: readonly Conversation[]): string[] => [
  ...firstOf(list).map((c) => {
    const { by, after, number, idleUs } = c.reset!
    const silence = after === "idle" ? ` of ${seconds(idleUs)}` : ""
    return `${who(facts, c, by)} sent [R] to ${who(facts, c, 1 - by)} ${afterText[after]}${silence} (packet ${number})`
  }),
  ...andMore(list.length, firstOf(list).length),
]

export const connectionReset: TraceRule = {
  id: "connection-reset",
  restsOnAbsence: false,
  judge(facts) {
    const list = torn(facts)
    const [first] = list
    if (first === undefined) return undefined
    const { by, after } = first.reset!
    const sender = who(facts, first, by)
    const meaning: Readonly<Record<Reset["after"], string>> = {
      syn: "",
      "syn-ack": "",
      data: `${sender} threw the connection away while data was under way: its program ended or closed with data unread, or a middlebox stepped in.`,
      fin: `The connection was closed by one end while the other still sent; what came after the close was thrown away.`,
      idle: `The connection was quiet for a long time, and the next packet met nobody who knew it: a firewall, NAT or load balancer forgot it, or the other end was restarted.`,
      nothing: `${sender} threw the connection away before any data was seen: its program turned the caller down, or a health check looked in.`,
    }
    return {
      severity: "warn",
      confidence: after === "nothing" ? "medium" : "high",
      title: "Connection reset",
      evidence: resetEvidence(facts, list),
      meaning: meaning[after],
      next: [
        `look at the log of the program at ${sender} at that second`,
        "compare the reset's hop limit with other packets of that end: another one was not sent by it",
      ],
    }
  },
}

export const closedEarly: TraceRule = {
  id: "closed-early",
  restsOnAbsence: true,
  judge(facts) {
    const list = facts.tcp.filter((c) => {
      if (c.finBy < 0 || c.finBy !== acceptorOf(facts, c)) return false
      const closer = c.sides[c.finBy]!
      const other = c.sides[1 - c.finBy]!
      if (c.opener >= 0 && closer.payloadBytes === 0 && other.finCount === 0) return true
      return c.finUnanswered || (c.opener >= 0 && closer.payloadBytes === 0 && other.payloadBytes === 0)
    })
    const [first] = list
    if (first === undefined) return undefined
    return {
      severity: "warn",
      confidence: first.opener >= 0 ? "high" : "medium",
      title: "Closed without an answer",
      evidence: [
        ...firstOf(list).map((c) => {
          const asked = c.sides[1 - c.finBy]!
          const request =
            asked.lastDataNumber === 0
              ? "before anything was asked"
              : `and left packet ${asked.lastDataNumber} unanswered`
          return `${who(facts, c, c.finBy)} closed with [F.] ${request} (packet ${c.finNumber})`
        }),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning:
        "The serving side took the connection and closed it in good order, but without answering: the program turned the caller down, timed out, or was stopped.",
      next: [
        `look at the log of the program at ${who(facts, first, first.finBy)}`,
        "look for connection limits and timeouts of it",
      ],
    }
  },
}

const HALF_CLOSED_US = 2_000_000

export const halfClosed: TraceRule = {
  id: "half-closed",
  restsOnAbsence: true,
  judge(facts) {
    if (!facts.context.hasBothDirections) return undefined
    const list = facts.tcp.filter((c) => {
      if (c.finBy < 0 || c.reset !== undefined || facts.endUs - c.finUs < HALF_CLOSED_US) return false
      const other = c.sides[1 - c.finBy]!
      // Acknowledged, not closed, nothing sent since: whoever should close does not.
      return other.finCount === 0 && other.packets > 0 && other.lastUs >= c.finUs && c.dataAfterFin === 0
    })
    const [first] = list
    if (first === undefined) return undefined
    return {
      severity: "warn",
      confidence: "medium",
      title: "One end has closed, the other does not",
      evidence: [
        ...firstOf(list).map(
          (c) =>
            `${who(facts, c, c.finBy)} closed (packet ${c.finNumber}), ${who(facts, c, 1 - c.finBy)} has not for ${seconds(facts.endUs - c.finUs)}`,
        ),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning:
        "The kernel took note of the close and the program did not: its socket stays in CLOSE_WAIT, and as long as it does a descriptor is held.",
      next: [`look at the program at ${who(facts, first, 1 - first.finBy)}: ss -tnp state close-wait`],
    }
  },
}

/** Closes in good order: no finding, but often what was asked. */
export function closeNotes(facts: Facts): string[] {
  const closed = facts.tcp.filter((c) => c.finBy >= 0 && c.reset === undefined && c.sides[1 - c.finBy]!.finCount > 0)
  const [first] = closed
  if (first === undefined) return []
  const start = first.establishedUs === NEVER ? first.firstUs : first.establishedUs
  const rest = closed.length === 1 ? "" : `; ${closed.length} connections closed in good order`
  return [
    `${who(facts, first, first.finBy)} closed first, after ${seconds(first.finUs - start)}, in good order (${packetsText([first.finNumber])})${rest}`,
  ]
}
