/** Every rule, in the order in which their findings are shown: what spoils the evidence first, causes before symptoms. */
import { captureFailed, captureLoss, noPackets } from "./capture.ts"
import {
  duplicateAcks,
  fragmentationNeeded,
  mtuBlackHole,
  oneWayTraffic,
  retransmissions,
  zeroWindow,
} from "./delivery.ts"
import { closedEarly, connectionReset, halfClosed, resetPressure } from "./ending.ts"
import {
  handshakesPartlyAnswered,
  refused,
  slowHandshake,
  synAckUnanswered,
  synUnanswered,
  unreachable,
} from "./handshake.ts"
import { arpUnanswered, dnsFailing, dnsUnanswered, ndUnanswered } from "./names.ts"
import type { TraceRule } from "./rule.ts"

export const traceRules: readonly TraceRule[] = [
  captureFailed,
  captureLoss,
  noPackets,
  arpUnanswered,
  ndUnanswered,
  unreachable,
  refused,
  mtuBlackHole,
  synUnanswered,
  synAckUnanswered,
  handshakesPartlyAnswered,
  oneWayTraffic,
  resetPressure,
  connectionReset,
  closedEarly,
  halfClosed,
  retransmissions,
  duplicateAcks,
  zeroWindow,
  fragmentationNeeded,
  slowHandshake,
  dnsUnanswered,
  dnsFailing,
]
