/** The last changes: each finding from when it was raised until it ended. What it is about decides, not how it is shown. */
import { type Change, type Finding, withSymptoms } from "./finding.ts"

export const CHANGES_MAX = 20

const key = ({ id, severity, netns }: { id: string; severity: string; netns: string }) => `${id} ${severity} ${netns}`

/** Newest first. A finding that stands on keeps its entry; another severity is another entry. */
export function recordChanges(
  changes: readonly Change[],
  findings: readonly Finding[],
  now: number,
): readonly Change[] {
  const standing = new Map(
    findings.flatMap(withSymptoms).map((finding) => [key({ ...finding, netns: finding.culprit.netns }), finding]),
  )
  const known = new Set<string>()
  const carried = changes.map((change): Change => {
    const name = key({ ...change, netns: change.culprit.netns })
    const finding = standing.get(name)
    if (!change.isStanding || known.has(name)) return change
    known.add(name)
    return finding === undefined
      ? { ...change, isStanding: false }
      : { ...change, culprit: finding.culprit, lastSeen: now }
  })
  const raised = [...standing]
    .filter(([name]) => !known.has(name))
    .map(
      ([, { id, title, severity, culprit, since }]): Change => ({
        id,
        title,
        severity,
        culprit,
        firstSeen: since,
        lastSeen: now,
        isStanding: true,
      }),
    )
  return [...raised, ...carried].slice(0, CHANGES_MAX)
}
