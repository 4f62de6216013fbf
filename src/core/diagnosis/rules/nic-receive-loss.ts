/** A network card has no room for what arrives. */
import type { LinkRise } from "../../model/evidence.ts"
import { count, perSecond } from "../../text/units.ts"
import { given, measured, quiet, rate } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const DROPPED_SHARE = 0.02
const PACKETS_MIN = 300
/** Stray protocols on a quiet network are dropped too: one or two a second. */
const DROPPED_MIN = 5

/** Frames without room; and what was dropped above it, where that is more than a stray protocol. */
function lostOf({ rises: { rxMissed = 0, rxFifo = 0, rxDropped = 0, rxPackets = 0 } }: LinkRise): number {
  const ring = rxMissed + rxFifo
  const isMuch = rxPackets >= PACKETS_MIN && rxDropped >= DROPPED_MIN && rxDropped >= DROPPED_SHARE * rxPackets
  return ring + (isMuch ? rxDropped : 0)
}

export const nicReceiveLoss: Rule = {
  id: "nic-receive-loss",
  title: "An interface loses received packets",
  unit: "/s",
  per: "namespace",
  limits: limits(limit(1, 0)),
  gate: "drops count from 2% of at least 300 packets; missed and fifo always",
  measure: (scope, evidence) =>
    given(scope.links, (links) => {
      const worst = links.toSorted((a, b) => lostOf(b) - lostOf(a))[0]
      const lost = worst === undefined ? 0 : lostOf(worst)
      if (worst === undefined || lost === 0) return quiet
      const { rxMissed = 0, rxFifo = 0, rxDropped = 0, rxPackets = 0 } = worst.rises
      return measured(rate(lost, evidence), {
        evidence: [
          `missed ${count(rxMissed)}, fifo ${count(rxFifo)}, dropped ${count(rxDropped)} of ${count(rxPackets)} packets (${perSecond(rate(lost, evidence))})`,
        ],
        culprit: { interface: worst.name },
        confidence: rxMissed + rxFifo > 0 ? "high" : "low",
      })
    }),
  confidence: "high",
  meaning:
    "Packets reached the card, and there was no room to put them. They are lost before the system has seen them, and " +
    "senders have to send them again.",
  next: [
    "ethtool -g {interface}: a larger receive ring (ethtool -G {interface} rx N)",
    "ethtool -S {interface}: which queue; spread interrupts over the CPUs",
    "drops alone: unknown protocols or a full backlog count here too",
  ],
  explains: ["path-loss", "udp-receive-loss"],
  clearsWhen: "nothing has been lost for two looks",
}
