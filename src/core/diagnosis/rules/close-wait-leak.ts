/** Peers have closed, and the program here keeps its ends open. */
import { count } from "../../text/units.ts"
import { covered, given, measured, quiet, subject, tallyLine } from "../measure.ts"
import { limit, limits, type Rule, type TracePoint } from "../rule.ts"

const MANY = 100
/** Growth is judged over this time, or what there is of it. */
const GROWTH_MS = 5 * 60_000
const GROWTH_MIN_MS = 25_000
const GROWTH_MIN = 10
const GROWTH_STEPS_MIN = 4
/** Of a process's descriptors. */
const DESCRIPTOR_SHARE = 0.5

/** Rises again and again, and never falls. */
function isGrowing(past: readonly TracePoint[]): boolean {
  const first = past[0]
  const last = past.at(-1)
  if (first === undefined || last === undefined || covered(past) < GROWTH_MIN_MS) return false
  let steps = 0
  for (const [i, point] of past.entries()) {
    const before = past[i - 1] ?? point
    if (point.value < before.value) return false
    if (point.value > before.value) steps++
  }
  return steps >= GROWTH_STEPS_MIN && last.value - first.value >= GROWTH_MIN
}

export const closeWaitLeak: Rule = {
  id: "close-wait-leak",
  title: "A program does not close its connections",
  unit: "sockets",
  per: "namespace",
  limits: limits(limit(1, 0), limit(MANY + 1, MANY * 0.8)),
  gate: "growing over at least 25 seconds without falling, half of the process's descriptors, or more than 100",
  trace: { keepMs: GROWTH_MS, of: ({ survey }) => (survey.ok ? survey.value.closeWait.count : undefined) },
  measure: (scope, evidence, past) =>
    given(scope.survey, ({ closeWait }) => {
      const { worst } = closeWait
      if (worst === undefined) return quiet
      const use = evidence.descriptors.ok ? evidence.descriptors.value.find(({ pid }) => pid === worst.pid) : undefined
      const fillsDescriptors = use !== undefined && worst.count >= use.openMax * DESCRIPTOR_SHARE
      const grows = isGrowing(past)
      if (!grows && !fillsDescriptors && closeWait.count <= MANY) return quiet
      const first = past[0]
      return measured(closeWait.count, {
        evidence: [
          tallyLine(closeWait, "connections are closed by the peer and still open here", "one process"),
          ...(grows && first !== undefined
            ? [
                `${count(first.value)} → ${count(closeWait.count)} in ${Math.round((evidence.at - first.at) / 1_000)} s, never falling`,
              ]
            : []),
          ...(use === undefined
            ? []
            : [`the process has ${count(use.openCount)} of ${count(use.openMax)} descriptors open`]),
        ],
        culprit: subject(worst),
        confidence: worst.pid === undefined ? "low" : grows || fillsDescriptors ? "high" : "medium",
      })
    }),
  confidence: "medium",
  meaning:
    "The other side has ended these connections and the program here never closes its own end. Each one keeps a " +
    "descriptor, until the program can open no more.",
  next: [
    "look at {process} (pid {pid}): does it close the socket when a read says that the peer is gone?",
    "ls /proc/{pid}/fd | wc -l against the limit in /proc/{pid}/limits",
    "a restart helps for a while; ending single sockets only hides it",
  ],
  explains: [{ id: "descriptor-limit", when: (a, b) => a.culprit.pid === b.culprit.pid }],
  clearsWhen: "the number falls, and is under 80",
}
