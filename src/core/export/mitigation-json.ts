/** Actions as JSON for programs: snake_case names, absent values are null. */
import type { Block } from "../mitigation/block.ts"
import type { Refusal } from "../mitigation/guards.ts"
import type { PeerSocket } from "../mitigation/incoming.ts"
import type { KillSummary } from "../mitigation/kill.ts"
import { peerText, type Target } from "../mitigation/target.ts"
import { timestamp } from "../text/timestamp.ts"

const utc = (at: number) => timestamp({ at: Math.floor(at / 1000) * 1000, offsetMinutes: 0 })

export const targetJson = (target: Target) => ({ peer: peerText(target), port: target.port ?? null })

export const blockJson = (block: Block, now: number) => ({
  id: block.id,
  ...targetJson(block.target),
  started_at: utc(block.startedAt),
  expires_at: utc(block.expiresAt),
  remaining_seconds: Math.max(0, Math.round((block.expiresAt - now) / 1000)),
  made_by: block.by,
  backend: block.backend,
})

export const killJson = (summary: KillSummary) => ({
  matched: summary.matched,
  destroyed: summary.destroyed,
  already_gone: summary.alreadyGone,
  survivors: summary.survivors,
  arrivals: summary.arrivals,
  timed_out: summary.timedOut,
  elapsed_ms: summary.elapsedMs,
  refusals: summary.refusals,
  flows_deleted: "deleted" in summary.flows ? summary.flows.deleted : null,
  flows_problem: "reason" in summary.flows ? summary.flows.reason : null,
})

export const socketJson = (socket: PeerSocket) => ({
  proto: socket.protocol,
  state: socket.state,
  local_ip: socket.localAddress,
  local_port: socket.localPort,
  peer_ip: socket.peerAddress,
  peer_port: socket.peerPort,
})

export const refusalJson = ({ kind, reason, override }: Refusal) => ({ kind, reason, override: `--${override}` })
