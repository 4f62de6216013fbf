/** Segments are lost on the way and sent again. Where: one peer, one network, or everywhere. */
import type { Scope } from "../../model/evidence.ts"
import type { Loss } from "../../model/survey-loss.ts"
import { count, percentDetailed, perSecond } from "../../text/units.ts"
import { given, measured, quiet, rate, rises } from "../measure.ts"
import { type Culprit, limit, type Rule } from "../rule.ts"

/** A share of fewer segments than this is an accident: 1 of 3 is 33 %. */
const SEGMENTS_MIN = 100
const PEER_SHARE_MIN = 0.1
/** A peer with this much of what was sent again is the one. */
const ONE_PEER = 0.6

export const pathLoss: Rule = {
  id: "path-loss",
  title: "Segments are lost and sent again",
  unit: "%",
  per: "namespace",
  limits: ({ retransPercent: { warn, crit } }) => ({ warn: limit(warn, warn / 2), crit: limit(crit, warn) }),
  gate: "20 established connections and 60 segments a second (LOW SAMPLE below), or 100 segments of connections that are seen to the byte",
  measure: (scope, evidence) =>
    given(
      rises(scope, evidence, ["Tcp.RetransSegs", "TcpExt.TCPSynRetrans", "TcpExt.TCPOrigDataSent", "Tcp.OutSegs"]),
      (counters) => {
        const { establishedMin, segmentsPerSecondMin } = evidence.thresholds.retransSample
        const established = scope.survey.ok ? scope.survey.value.establishedCount : 0
        // A SYN that is sent again says that a host does not answer, which is another trouble.
        const again = Math.max(0, counters.of("Tcp.RetransSegs") - counters.of("TcpExt.TCPSynRetrans"))
        const data = counters.of("TcpExt.TCPOrigDataSent") || counters.of("Tcp.OutSegs")
        const segmentsPerSecond = rate(data, evidence)
        const loss = scope.survey.ok ? scope.survey.value.loss : undefined
        const ofPeer = lossOfPeer(loss)
        if (established >= establishedMin && segmentsPerSecond >= segmentsPerSecondMin && data > 0) {
          const isPlenty = established >= 2 * establishedMin && segmentsPerSecond >= 2 * segmentsPerSecondMin
          return measured(Math.max((again / data) * 100, ofPeer ?? 0), {
            evidence: [
              `${percentDetailed((again / data) * 100)} of ${perSecond(segmentsPerSecond)} segments sent again (${perSecond(rate(again, evidence))})`,
              `${count(established)} established connections`,
              ...where(loss),
            ],
            culprit: placeOf(loss, scope),
            confidence: isPlenty ? "high" : "medium",
          })
        }
        if (loss === undefined || loss.segmentCount < SEGMENTS_MIN) return quiet
        const share = (loss.retransmittedBytes / loss.sentBytes) * 100
        return measured(Math.max(share, ofPeer ?? 0), {
          evidence: [
            `${percentDetailed(share)} of the bytes of ${count(loss.sendingCount)} connections were sent again`,
            ...where(loss),
          ],
          culprit: placeOf(loss, scope),
          confidence: "medium",
        })
      },
    ),
  confidence: "high",
  meaning:
    "Packets between this host and its peers get lost, so they have to be sent again. Transfers become slow and " +
    "answers late, since every loss costs at least one round trip.",
  next: [
    "one peer: its side; all peers: this host's card, uplink or queue (Errors and drops in System Health)",
    "ss -tin dst {peer}: retrans, cwnd and rtt of its connections",
    "mtr -T {peer}: where on the way the loss begins",
  ],
  explains: [],
  clearsWhen: "the share is under half of the warning",
}

/** The share of one peer, where it is a good part of all that was sent: a single slow client is no finding. */
function lossOfPeer(loss: Loss | undefined): number | undefined {
  const peer = loss?.peer
  if (loss === undefined || peer === undefined || peer.segmentCount < SEGMENTS_MIN) return undefined
  return peer.sentBytes < PEER_SHARE_MIN * loss.sentBytes ? undefined : (peer.retransmittedBytes / peer.sentBytes) * 100
}

const where = (loss: Loss | undefined): readonly string[] => {
  if (loss === undefined || loss.worst === undefined) return []
  const { worst, lossyCount, sendingCount } = loss
  const ofPeer = lossOfPeer(loss)
  return [
    ...(ofPeer === undefined ? [] : [`${percentDetailed(ofPeer)} of what one peer was sent was sent again`]),
    `${count(lossyCount)} of ${count(sendingCount)} sending connections lose; ${Math.round(worst.share * 100)}% of it towards one peer`,
  ]
}

function placeOf(loss: Loss | undefined, { links }: Scope): Omit<Culprit, "netns"> {
  if (loss?.worst === undefined) return {}
  if (loss.worst.share >= ONE_PEER) return { peer: loss.worst.peer }
  if (loss.prefix !== undefined) return { prefix: loss.prefix }
  const outer = links.ok ? links.value.filter(({ isLoopback }) => !isLoopback) : []
  return outer.length === 1 ? { interface: outer[0]!.name } : {}
}
