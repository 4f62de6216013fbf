/** Compares what the program said with what is true in the lab. Pure. */

/**
 * Who is to blame, as the JSON of `diagnose` says it: `process`, `pid`, `port` (our own), `peer`, `peer_port`, `prefix`,
 * `interface`, `cpu`, `netns`, `rule`. Only the fields that a scenario names are compared.
 */
export type Culprit = Readonly<Record<string, string | number>>

export interface Expected {
  readonly id: string
  readonly culprit?: Culprit
}

/** A finding, as far as the lab reads it. */
export interface Finding {
  readonly id: string
  readonly culprit?: Readonly<Record<string, unknown>> | undefined
}

export interface Truth {
  readonly expects: readonly Expected[]
  readonly tolerates: readonly string[]
  readonly mustNot: readonly string[]
}

export interface Verdict {
  /** Expected, named, and with the right culprit. */
  readonly hits: readonly string[]
  /** Expected and not named. */
  readonly misses: readonly string[]
  /** Named with somebody else, each as `id: field is …, not …`. */
  readonly wrongCulprits: readonly string[]
  /** Named and not true. */
  readonly falseAlarms: readonly string[]
}

export function judge({ expects, tolerates, mustNot }: Truth, findings: readonly Finding[]): Verdict {
  const hits: string[] = []
  const misses: string[] = []
  const wrongCulprits: string[] = []
  for (const { id, culprit = {} } of expects) {
    // One id may be found twice, for two culprits.
    const named = findings.filter((finding) => finding.id === id).map((finding) => differences(culprit, finding))
    if (named.length === 0) misses.push(id)
    else if (named.some((wrong) => wrong.length === 0)) hits.push(id)
    else wrongCulprits.push(`${id}: ${named[0]!.join(", ")}`)
  }
  const isTrue = (id: string) => expects.some((expected) => expected.id === id) || tolerates.includes(id)
  const falseAlarms = findings.map(({ id }) => id).filter((id) => !isTrue(id) || mustNot.includes(id))
  return { hits, misses, wrongCulprits, falseAlarms: [...new Set(falseAlarms)] }
}

function differences(expected: Culprit, finding: Finding): string[] {
  return Object.entries(expected).flatMap(([field, value]) => {
    const said = finding.culprit?.[field]
    const isSame = Array.isArray(said) ? said.map(String).includes(String(value)) : String(said) === String(value)
    return isSame ? [] : [`${field} is ${said === undefined ? "missing" : JSON.stringify(said)}, not ${value}`]
  })
}
