/** What an action did, in few words for the status bar. The action log has all of it. */
import type { Block } from "./block.ts"
import type { KillSummary } from "./kill.ts"

/** The connections that were ended, or why none could be. */
export type KillOutcome = KillSummary | { readonly failure: string }

export interface Told {
  readonly text: string
  readonly tone: "ok" | "warn" | "crit"
}

/** `block active 5m; 57 closed, 0 left`. */
export function blockReport(block: Block, kill: KillOutcome, isRenewed: boolean): Told {
  const minutes = Math.round(block.durationMs / 60_000)
  const mode = block.backend === "kernel" ? "" : " by iptables, the weaker mode"
  const active = `block ${isRenewed ? "renewed" : "active"} ${minutes}m${mode}`
  const ended = killReport(kill)
  const tone = ended.tone === "ok" && block.backend !== "kernel" ? "warn" : ended.tone
  return { text: `${active}; ${ended.text}`, tone: tone === "crit" ? "warn" : tone }
}

/** `57 closed, 0 left`. */
export function killReport(kill: KillOutcome): Told {
  if ("failure" in kill) return { text: `its connections were not ended: ${kill.failure}`, tone: "crit" }
  const { matched, destroyed, alreadyGone, survivors, refusals } = kill
  if (refusals.length > 0 && destroyed === 0) {
    const [refusal] = refusals
    const hint = refusal!.errno === "EPERM" ? " Run with sudo, or give CAP_NET_ADMIN." : ""
    return { text: `the kernel refused to close ${survivors} (${refusal!.errno}).${hint}`, tone: "crit" }
  }
  if (matched === 0 && destroyed === 0 && survivors === 0) return nothingClosed(kill)
  const gone = alreadyGone > 0 ? `, ${alreadyGone} had gone` : ""
  return { text: `${destroyed} closed${gone}, ${survivors} left`, tone: survivors > 0 ? "warn" : "ok" }
}

/** What is passed on for others has flows and no socket. */
function nothingClosed({ flows }: KillSummary): Told {
  const deleted = "deleted" in flows ? flows.deleted : 0
  if (deleted === 0) return { text: "no connection matched", tone: "ok" }
  return { text: `${deleted} ${deleted === 1 ? "flow" : "flows"} ended`, tone: "ok" }
}
