/** What a measurement is, and the arithmetic they share. */

/** One line of the table that `bun run bench` prints. A row without a bound only explains another. */
export interface BenchRow {
  readonly name: string
  readonly figure: number
  readonly unit: string
  /** The most it may be. */
  readonly target?: number
  readonly atLeast?: number
}

export interface Bench {
  readonly name: string
  /** What is measured and how, in a sentence. */
  readonly about: string
  /** Runs inside network, process and mount namespaces that nobody else is in. */
  measure(): Promise<readonly BenchRow[]>
  /** It makes namespaces of its own, of another kind. */
  readonly isSelfContained?: true
}

export const isMet = ({ figure, target = Infinity, atLeast = -Infinity }: BenchRow): boolean =>
  figure <= target && figure >= atLeast

/** The value that a share of `values` (0 to 1) does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)]
  if (value === undefined) throw new Error("percentile: no values")
  return value
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Time the processor spent on this program, in all its threads, while `work` ran; milliseconds, user and system. */
export async function cpuMs(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

export async function wallMs(work: () => void | Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
