/** A diagnosis as one line of JSON. The names are a promise: they may be added to and must not change. */
import { type Diagnosis, type Finding, withSymptoms } from "../diagnosis/finding.ts"
import type { Culprit } from "../diagnosis/rule.ts"
import { json } from "../text/json.ts"
import { timestamp } from "../text/timestamp.ts"

export interface DiagnosisCost {
  readonly cpuMs: number
  readonly rssBytes: number
  readonly wallMs: number
}

export interface DiagnosisReport {
  readonly diagnosis: Diagnosis
  readonly cost: DiagnosisCost
  /** Of this host's zone, east of UTC. */
  readonly offsetMinutes: number
}

/** With its line feed. What is not known of a culprit is left out; `netns` is always there. */
export function diagnosisJson({ diagnosis, cost, offsetMinutes }: DiagnosisReport): string {
  const time = (at: number) => timestamp({ at, offsetMinutes })
  return `${json({
    captured_at: time(diagnosis.at),
    health: diagnosis.level,
    findings: diagnosis.findings.map((finding) => fields(finding, time)),
    unknown: diagnosis.unknown.map(({ id, reason }) => ({ id, reason })),
    cost: {
      cpu_ms: Math.round(cost.cpuMs),
      rss_bytes: cost.rssBytes,
      wall_ms: Math.round(cost.wallMs),
    },
  })}\n`
}

function fields(finding: Finding, time: (at: number) => string) {
  const { id, severity, confidence, title, since, evidence, culprit, meaning, next, clearsWhen } = finding
  return {
    id,
    severity,
    confidence,
    title,
    since: time(since),
    evidence,
    culprit: culpritFields(culprit),
    meaning,
    next,
    // What stands because of it, and is therefore no finding of its own.
    explains: [
      ...new Set(
        withSymptoms(finding)
          .slice(1)
          .map((symptom) => symptom.id),
      ),
    ],
    clears_when: clearsWhen,
  }
}

const culpritFields = ({
  netns,
  process,
  pid,
  port,
  localAddress,
  peer,
  peerPort,
  prefix,
  interface: device,
  cpu,
  rule,
}: Culprit) => ({
  netns,
  // JSON leaves out what is undefined.
  process,
  pid,
  port,
  local_ip: localAddress,
  peer,
  peer_port: peerPort,
  prefix,
  interface: device,
  cpu,
  rule,
})
