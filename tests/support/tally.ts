/** What a run of `bun test` came to, read from what it printed and from its JUnit file. */

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Skipped tests by reason. */
  readonly skipped: ReadonlyMap<string, number>
}

/** The reason inside a skipped test's name, when `requires` put one there. */
export const skipReason = (name: string): string | undefined => /\[skipped: (.*)\]$/.exec(name)?.[1]

/** What stands for the reason of a test that was skipped by other means than `requires`. */
export const NO_REASON = "no reason given"

const noTally: Tally = { passed: 0, failed: 0, skipped: new Map() }

/**
 * Passed and failed come from the closing lines that `bun test` prints, since its JUnit file does not know of a file
 * that could not be loaded; the reasons of the skipped come from the JUnit file, since those lines do not name them. A
 * run that ended badly without counting a failure, or that never came to its closing lines, failed once.
 */
export function readTally(run: { readonly printed: string; readonly junit: string; readonly exitCode: number }): Tally {
  const plain = run.printed.replace(/\x1b\[[0-9;]*m/g, "")
  const last = (word: string) => {
    const count = [...plain.matchAll(new RegExp(`^ *(\\d+) ${word}$`, "gm"))].at(-1)?.[1]
    return count === undefined ? undefined : Number(count)
  }
  const passed = last("pass")
  const failed = last("fail") ?? 0
  return {
    passed: passed ?? 0,
    failed: failed === 0 && (run.exitCode !== 0 || passed === undefined) ? 1 : failed,
    skipped: countBy(skippedNames(run.junit), (name) => skipReason(name) ?? NO_REASON),
  }
}

function skippedNames(junit: string): string[] {
  const cases = junit.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped\b/g)
  return Array.from(cases, ([, name]) => unescapeXml(name ?? ""))
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }
const unescapeXml = (text: string) => text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)

function countBy<T>(values: readonly T[], key: (value: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(key(value), (counts.get(key(value)) ?? 0) + 1)
  return counts
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, tally) => {
    const skipped = new Map(sum.skipped)
    for (const [reason, count] of tally.skipped) skipped.set(reason, (skipped.get(reason) ?? 0) + count)
    return { passed: sum.passed + tally.passed, failed: sum.failed + tally.failed, skipped }
  }, noTally)
}

/** In a strict run a skipped test has failed, unless it is the kernel that lacks something: nobody can install that. */
export function withoutSkips({ passed, failed, skipped }: Tally): Tally {
  const allowed = new Map([...skipped].filter(([reason]) => reason.startsWith(KERNEL_LACKS)))
  const refused = [...skipped].reduce((sum, [reason, count]) => (allowed.has(reason) ? sum : sum + count), 0)
  return { passed, failed: failed + refused, skipped: allowed }
}

/** How `requires` begins the reason that is allowed everywhere. */
export const KERNEL_LACKS = "this kernel has no "

/** `12 passed, 0 failed`, and the skipped when there are any. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  const skippedCount = [...skipped.values()].reduce((sum, count) => sum + count, 0)
  return `${passed} passed, ${failed} failed${skippedCount === 0 ? "" : `, ${skippedCount} skipped`}`
}
