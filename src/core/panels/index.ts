/** The panels, in screen order; overlays after them. A new panel is one line here. */

import { actionLog } from "./action-log/panel.ts"
import { blockPeer } from "./block-peer/panel.ts"
import { blockedPeers } from "./blocked-peers/panel.ts"
import { details } from "./details/panel.ts"
import { diagnosis } from "./diagnosis/panel.ts"
import { diagnosisHistory } from "./diagnosis-history/panel.ts"
import { help } from "./help/panel.ts"
import { jump } from "./jump/panel.ts"
import { quitBlocks } from "./quit-blocks/panel.ts"
import { systemHealth } from "./system-health/panel.ts"
import { timeSearch } from "./time-search/panel.ts"
import { timeline } from "./timeline/panel.ts"
import { topConnections } from "./top-connections/panel.ts"
import { traceHistory } from "./trace-history/panel.ts"
import { tracePacket } from "./trace-packet/panel.ts"
import { traceProgress } from "./trace-progress/panel.ts"
import { traceResult } from "./trace-result/panel.ts"

export const panels = [
  topConnections,
  systemHealth,
  diagnosis,
  timeline,
  help,
  diagnosisHistory,
  details,
  blockPeer,
  blockedPeers,
  actionLog,
  quitBlocks,
  tracePacket,
  traceProgress,
  traceResult,
  traceHistory,
  jump,
  timeSearch,
] as const
