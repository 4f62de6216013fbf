/** The capture itself: whether there is one, whether it is whole, whether it holds anything. */
import { count } from "../../text/units.ts"
import { percentText, plural, seconds } from "../facts.ts"
import type { TraceRule } from "./rule.ts"

export const captureFailed: TraceRule = {
  id: "capture-failed",
  restsOnAbsence: false,
  judge({ context, trace }) {
    if (context.error === undefined) return undefined
    return {
      severity: "crit",
      confidence: "high",
      title: "The capture ended with an error",
      evidence: [context.error, `${plural(trace.packetCount, "packet")} came before it`],
      meaning: "tcpdump stopped by itself. What was captured until then is judged below; what came later was not seen.",
      next: ["put right what the error names, then trace again"],
    }
  },
}

/** Beyond these a capture says little about loss and silence. */
const CRIT_SHARE = 0.1
const CRIT_COUNT = 100

export const captureLoss: TraceRule = {
  id: "capture-loss",
  restsOnAbsence: false,
  judge({ context: { dropped = 0 }, trace }) {
    if (dropped <= 0) return undefined
    const share = dropped / (dropped + trace.packetCount)
    return {
      severity: share >= CRIT_SHARE || dropped >= CRIT_COUNT ? "crit" : "warn",
      confidence: "high",
      title: "The capture itself lost packets",
      evidence: [
        `${count(dropped)} of ${count(dropped + trace.packetCount)} packets (${percentText(share)}) did not fit into the capture's buffer`,
      ],
      meaning:
        "This host was too busy to hand every packet to tcpdump. The packets were delivered all the same: what looks lost or unanswered below may only be missing here.",
      next: ["narrow the trace: give the port, fewer seconds", "trace again when the host is less busy"],
    }
  },
}

export const noPackets: TraceRule = {
  id: "no-packets",
  restsOnAbsence: false,
  judge({ context, trace, endUs }) {
    if (trace.packetCount > 0 || context.error !== undefined) return undefined
    const where = context.interfaceName === undefined ? "" : ` on ${context.interfaceName}`
    const what = context.port === undefined ? "" : ` on port ${context.port}`
    const span =
      context.endUs === undefined || context.startUs === undefined ? "" : ` in ${seconds(endUs - context.startUs)}`
    return {
      severity: "warn",
      confidence: "low",
      title:
        context.peer === undefined ? "The capture holds no packet" : `Not one packet to or from ${context.peer}${what}`,
      evidence: [`0 packets${span}${where}`],
      meaning:
        "It proves that in this time nothing passed here that the filter takes: no packet arrived, and none was sent. It does not prove that the peer is unreachable: it may simply have been silent, its packets may take another interface or be translated to another address, and a local firewall drops outgoing packets before they can be seen here.",
      next: [
        "trace again while something tries to connect",
        "trace on every interface: any",
        "trace the peer without its port",
      ],
    }
  },
}
