/** What this program itself cannot see. */
import { count, share } from "../../text/units.ts"
import { measured, quiet } from "../measure.ts"
import { limit, limits, type Rule } from "../rule.ts"

/** Notes of these sources mean that rows or their names are missing. */
const sources = new Set(["sockets", "processes", "namespaces"])
/** Percent of the sockets whose process is not known. */
const UNKNOWN_MAX = 10
/** One socket of a process that is not ours to see is no blindness. */
const UNKNOWN_MIN = 3

export const observerDegraded: Rule = {
  id: "observer-degraded",
  title: "Not everything can be seen",
  unit: "%",
  per: "host",
  limits: limits(limit(UNKNOWN_MAX, 5)),
  gate: "sockets without a known process while the reason for it is known, or sockets that could not be read",
  measure: (_, evidence) => {
    const notes = evidence.notes.filter(({ source }) => sources.has(source))
    if (notes.length === 0) return quiet
    const surveys = evidence.scopes.flatMap(({ survey }) => (survey.ok ? [survey.value] : []))
    const held = surveys.reduce((sum, { heldCount }) => sum + heldCount, 0)
    const known = surveys.reduce((sum, { knownCount }) => sum + knownCount, 0)
    const isIncomplete = notes.some(({ source }) => source !== "processes")
    const unknown = held - known < UNKNOWN_MIN ? 0 : ((held - known) / held) * 100
    return measured(isIncomplete ? Math.max(UNKNOWN_MAX, unknown) : unknown, {
      evidence: [
        ...notes.map(({ text }) => text),
        `the process is known of ${count(known)} of ${count(held)} sockets (${share(known, held)})`,
      ],
      culprit: {},
    })
  },
  confidence: "high",
  meaning:
    "This program may not look everywhere, so some sockets, or the processes that hold them, are missing. What is " +
    "shown is right, and it is not all.",
  next: [
    "where it is not root: run it with sudo",
    "where root is confined (a container): give it CAP_NET_ADMIN and CAP_SYS_PTRACE",
  ],
  explains: [],
  clearsWhen: "the process of 95% of the sockets is known",
}
