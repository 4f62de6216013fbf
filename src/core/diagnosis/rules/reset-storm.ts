/** Far more connections are reset than usual: a service is down, a scan runs, or programs close with unread data. */
import type { Evidence, Scope } from "../../model/evidence.ts"
import { perSecond } from "../../text/units.ts"
import { covered, given, mean, measured, quiet, rises, unmeasured } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

const RECENT_MS = 10_000
const USUAL_MS = 60_000
/** A mean of less time than this is no custom. */
const USUAL_MIN_MS = 5_000
/** Under this, a multiple means nothing. */
const USUAL_MIN = 5

const resets = (scope: Scope, evidence: Evidence) =>
  rises(scope, evidence, [
    "Tcp.OutRsts",
    "Tcp.EstabResets",
    "Tcp.AttemptFails",
    "TcpExt.TCPAbortOnData",
    "TcpExt.TCPAbortOnClose",
  ])

/** Sent, or met by our own attempts: whichever is more. */
const perSecondOf = (scope: Scope, evidence: Evidence): number | undefined => {
  const counters = resets(scope, evidence)
  if (!counters.ok) return undefined
  const { of } = counters.value
  const most = Math.max(of("Tcp.OutRsts"), of("Tcp.AttemptFails") + of("Tcp.EstabResets"))
  return (most * 1_000) / evidence.elapsedMs
}

export const resetStorm: Rule = {
  id: "reset-storm",
  title: "Far more connections than usual are reset or refused",
  unit: "times the usual",
  per: "namespace",
  limits: limits(limit(10, 3)),
  gate: "at least 50 a second; the usual is the minute before, so it needs 10 seconds of looks",
  trace: { keepMs: USUAL_MS + RECENT_MS, of: perSecondOf },
  measure: (scope, evidence, past) =>
    given(resets(scope, evidence), (counters) => {
      const recent = mean(past, 0, RECENT_MS, evidence.at) ?? 0
      const before = past.filter(({ at }) => evidence.at - at >= RECENT_MS)
      const usual = mean(past, RECENT_MS, USUAL_MS + RECENT_MS, evidence.at)
      // With little history the earliest looks are the usual: the storm began while we were watching.
      const start = past.slice(0, Math.max(1, past.length >> 1))
      const base =
        usual !== undefined && covered(before) >= USUAL_MIN_MS
          ? usual
          : mean(start, 0, Number.POSITIVE_INFINITY, evidence.at)
      if (covered(past) < USUAL_MIN_MS || base === undefined)
        return unmeasured("needs to know what is usual: watch for ten seconds (--watch)")
      const now = perSecondOf(scope, evidence) ?? 0
      const shown = Math.max(recent, covered(before) === 0 ? now : 0)
      if (shown === 0) return quiet
      return measured(shown / Math.max(base, USUAL_MIN), {
        evidence: [`${perSecond(shown)} now, ${perSecond(base)} before`, ...counters.lines],
        culprit: {},
        confidence: "medium",
      })
    }),
  confidence: "medium",
  meaning:
    "Connections end with a reset instead of a proper close, far more often than a moment ago. A service that is down " +
    "answers that way, and so does every port that a scan tries.",
  next: [
    "is every service that should listen there? ss -ltn",
    "tcpdump -ni any 'tcp[tcpflags] & tcp-rst != 0' -c 50: which port and which peer",
    "TCPAbortOnClose or TCPAbortOnData rise: a program closes with data unread",
  ],
  explains: [],
  clearsWhen: "it is less than three times the usual",
}
