/** What must work before the first packet: neighbours that answer, and names that are found. */
import { addressText } from "../address-text.ts"
import { NOERROR, NXDOMAIN, rcodeName } from "../dns.ts"
import { andMore, type Facts, firstOf, packetsText, plural, times } from "../facts.ts"
import type { DnsQuestion } from "../trace.ts"
import type { TraceRule } from "./rule.ts"

const REQUESTS_MIN = 2

const neighbourRule = (ask: { id: string; isArp: boolean; title: string; protocol: string }): TraceRule => ({
  id: ask.id,
  restsOnAbsence: true,
  judge({ trace, context }) {
    if (!context.hasBothDirections) return undefined
    const list = trace.neighbours.filter((n) => n.isArp === ask.isArp && n.requests >= REQUESTS_MIN && n.replies === 0)
    if (list.length === 0) return undefined
    const isThePeer = list.some(({ target }) => addressText(target) === context.peer)
    return {
      severity: isThePeer ? "crit" : "warn",
      confidence: list.some(({ requests }) => requests >= 3) ? "high" : "medium",
      title: ask.title,
      evidence: [
        ...firstOf(list).map(
          ({ target, requests, packets }) =>
            `who has ${addressText(target)}? asked ${times(requests)}, no reply (${packetsText(packets, requests)})`,
        ),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning: `Nobody in this network answers for that address. Without ${ask.protocol} no packet can be sent to it: the host is down, in another VLAN, or has another address.`,
      next: [
        "see whether the address is right and the host is up",
        "look at the neighbour table: ip neigh",
        "check VLAN and switch port",
      ],
    }
  },
})

export const arpUnanswered = neighbourRule({
  id: "arp-unanswered",
  isArp: true,
  title: "ARP is not answered",
  protocol: "ARP",
})
export const ndUnanswered = neighbourRule({
  id: "nd-unanswered",
  isArp: false,
  title: "Neighbour discovery is not answered",
  protocol: "neighbour discovery",
})

const ANSWER_US = 2_000_000

const named = ({ name, type }: DnsQuestion) =>
  `${name === "" ? "(name not captured)" : name}${type === "" ? "" : ` ${type}`}`

export const dnsUnanswered: TraceRule = {
  id: "dns-unanswered",
  restsOnAbsence: true,
  judge(facts) {
    const { trace, context, endUs } = facts
    if (!context.hasBothDirections) return undefined
    const list = trace.questions.filter(
      ({ rcode, asked, atUs }) => rcode === undefined && (asked > 1 || endUs - atUs >= ANSWER_US),
    )
    if (list.length === 0) return undefined
    const answered = trace.questions.filter(({ rcode }) => rcode !== undefined).length
    return {
      severity: answered === 0 && list.length >= 3 ? "crit" : "warn",
      confidence: list.length >= 3 ? "high" : "medium",
      title: "DNS questions without an answer",
      evidence: [
        `${list.length} of ${plural(trace.questions.length, "question")} were not answered`,
        ...firstOf(list).map(
          (q) => `${named(q)}: asked ${times(q.asked)} of ${serverOf(facts, q)} (packet ${q.number})`,
        ),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning:
        "Programs wait for seconds on each name before anything else happens. The name server is down or overloaded, or its packets are dropped.",
      next: [
        "ask the server directly: dig @SERVER NAME",
        "see which servers are used: /etc/resolv.conf, resolvectl status",
      ],
    }
  },
}

export const dnsFailing: TraceRule = {
  id: "dns-failing",
  restsOnAbsence: false,
  judge(facts) {
    const list = facts.trace.questions.filter(
      ({ rcode }) => rcode !== undefined && rcode !== NOERROR && rcode !== NXDOMAIN,
    )
    const [first] = list
    if (first === undefined) return undefined
    return {
      severity: "warn",
      confidence: "high",
      title: `DNS answers with ${rcodeName(first.rcode!)}`,
      evidence: [
        ...firstOf(list).map(
          (q) => `${named(q)}: ${rcodeName(q.rcode!)} from ${serverOf(facts, q)} (question in packet ${q.number})`,
        ),
        ...andMore(list.length, firstOf(list).length),
      ],
      meaning:
        "The name server is reached and cannot or will not answer: its own upstream fails, the zone is broken, or it does not serve this client.",
      next: ["look at the log of the name server", "ask another server for the same name"],
    }
  },
}

/** The end that a question went to. */
function serverOf({ trace }: Facts, { conversation }: DnsQuestion): string {
  const c = trace.conversations[conversation]!
  return addressText(c.addresses[c.ports[1] === 53 ? 1 : 0])
}

export function nameNotes({ trace }: Facts): string[] {
  const absent = trace.questions.filter(({ rcode }) => rcode === NXDOMAIN)
  if (absent.length === 0) return []
  return [
    `DNS: ${plural(absent.length, "name")} did not exist (NXDOMAIN), such as ${named(absent[0]!)}; search domains do this`,
  ]
}
