/** The rules, in order of importance: a cause before what follows from it. A new rule is one line here. */
import type { Rule } from "../rule.ts"
import { acceptQueueOverflow } from "./accept-queue-overflow.ts"
import { bufferbloat } from "./bufferbloat.ts"
import { checksumErrors } from "./checksum-errors.ts"
import { clockWrong } from "./clock-wrong.ts"
import { closeWaitLeak } from "./close-wait-leak.ts"
import { cloudAllowanceExceeded } from "./cloud-allowance-exceeded.ts"
import { connectionChurn } from "./connection-churn.ts"
import { conntrackFull } from "./conntrack-full.ts"
import { conntrackInsertRace } from "./conntrack-insert-race.ts"
import { conntrackInvalid } from "./conntrack-invalid.ts"
import { conntrackNearFull } from "./conntrack-near-full.ts"
import { descriptorLimit } from "./descriptor-limit.ts"
import { dnsFailing } from "./dns-failing.ts"
import { egressQueueDrops } from "./egress-queue-drops.ts"
import { ephemeralPortsExhausted } from "./ephemeral-ports-exhausted.ts"
import { firewallDrops } from "./firewall-drops.ts"
import { fragmentsLost } from "./fragments-lost.ts"
import { halfOpenPeers } from "./half-open-peers.ts"
import { interfaceSaturated } from "./interface-saturated.ts"
import { linkErrors } from "./link-errors.ts"
import { localReadsSlowly } from "./local-reads-slowly.ts"
import { mtuMismatch } from "./mtu-mismatch.ts"
import { neighbourTableOverflow } from "./neighbour-table-overflow.ts"
import { nicReceiveLoss } from "./nic-receive-loss.ts"
import { noRoute } from "./no-route.ts"
import { observerDegraded } from "./observer-degraded.ts"
import { orphanPressure } from "./orphan-pressure.ts"
import { pathLoss } from "./path-loss.ts"
import { pathMtuBlackHole } from "./path-mtu-black-hole.ts"
import { peerReadsSlowly } from "./peer-reads-slowly.ts"
import { reordering } from "./reordering.ts"
import { resetStorm } from "./reset-storm.ts"
import { sendBufferLimited } from "./send-buffer-limited.ts"
import { socketBacklogDrops } from "./socket-backlog-drops.ts"
import { softirqOneCpu } from "./softirq-one-cpu.ts"
import { softnetDrops } from "./softnet-drops.ts"
import { synFlood } from "./syn-flood.ts"
import { tcpMemoryPressure } from "./tcp-memory-pressure.ts"
import { timeWaitPileup } from "./time-wait-pileup.ts"
import { trafficSpike } from "./traffic-spike.ts"
import { udpNoPort } from "./udp-no-port.ts"
import { udpReceiveLoss } from "./udp-receive-loss.ts"
import { upstreamUnreachable } from "./upstream-unreachable.ts"

export const rules: readonly Rule[] = [
  conntrackFull,
  descriptorLimit,
  acceptQueueOverflow,
  synFlood,
  tcpMemoryPressure,
  ephemeralPortsExhausted,
  neighbourTableOverflow,
  noRoute,
  firewallDrops,
  cloudAllowanceExceeded,
  linkErrors,
  softirqOneCpu,
  softnetDrops,
  nicReceiveLoss,
  interfaceSaturated,
  egressQueueDrops,
  pathMtuBlackHole,
  upstreamUnreachable,
  halfOpenPeers,
  reordering,
  pathLoss,
  conntrackNearFull,
  closeWaitLeak,
  orphanPressure,
  localReadsSlowly,
  peerReadsSlowly,
  sendBufferLimited,
  socketBacklogDrops,
  udpReceiveLoss,
  dnsFailing,
  conntrackInsertRace,
  resetStorm,
  connectionChurn,
  trafficSpike,
  bufferbloat,
  mtuMismatch,
  fragmentsLost,
  checksumErrors,
  udpNoPort,
  conntrackInvalid,
  timeWaitPileup,
  clockWrong,
  observerDegraded,
]
