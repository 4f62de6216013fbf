/** What measures are made of: counters of a namespace with their sentences, and the answers of a rule. */
import { riseOf } from "../model/counter-difference.ts"
import type { Evidence, Scope, Step } from "../model/evidence.ts"
import type { Subject, Tally } from "../model/survey-subject.ts"
import type { Reading } from "../sample/sample.ts"
import { count, perSecond } from "../text/units.ts"
import type { Measured, TracePoint } from "./rule.ts"

type Value = Extract<Measured, { kind: "value" }>

export const quiet: Measured = { kind: "quiet" }
export const unmeasured = (reason: string): Measured => ({ kind: "missing", reason })
export const measured = (value: number, rest: Omit<Value, "kind" | "value">): Measured => ({
  kind: "value",
  value,
  ...rest,
})

/** The measure of a reading; one that failed is missing, with its reason. */
export const given = <T>(from: Reading<T>, measure: (value: T) => Measured): Measured =>
  from.ok ? measure(from.value) : unmeasured(from.reason)

/** `Tcp.OutRsts`: the kernel's group and name. */
export type CounterName = `${string}.${string}`

export interface Rises {
  readonly total: number
  readonly perSecond: number
  /** One sentence for each counter that rose. */
  readonly lines: readonly string[]
  readonly of: (name: CounterName) => number
}

/**
 * What counters did in the window. At least one must be known to this kernel; the others may be absent. One that went
 * back makes the whole unknown, for this window.
 */
export function rises(scope: Scope, evidence: Evidence, names: readonly CounterName[]): Reading<Rises> {
  if (!scope.counters.ok) return scope.counters
  const pair = scope.counters.value
  const found = new Map<CounterName, Step>()
  for (const name of names) {
    const [group = "", counter = ""] = name.split(".")
    const after = pair.now[group]?.[counter]
    if (after === undefined) continue
    const rise = riseOf(pair, group, counter)
    if (rise === undefined) return { ok: false, reason: `the kernel's counter ${name} was reset` }
    found.set(name, { before: after - rise, after })
  }
  if (found.size === 0) return { ok: false, reason: `this kernel has no counter ${names.join(" or ")}` }
  const of = (name: CounterName) => {
    const step = found.get(name)
    return step === undefined ? 0 : step.after - step.before
  }
  const total = names.reduce((sum, name) => sum + of(name), 0)
  return {
    ok: true,
    value: {
      total,
      perSecond: rate(total, evidence),
      lines: [...found].flatMap(([name, step]) => (step.after > step.before ? [stepLine(name, step, evidence)] : [])),
      of,
    },
  }
}

export const rate = (rise: number, { elapsedMs }: Evidence): number => (rise * 1_000) / elapsedMs

/** `Tcp.OutRsts 120 → 180 (60/s)`. */
export const stepLine = (name: string, { before, after }: Step, evidence: Evidence): string =>
  `${name} ${count(before)} → ${count(after)} (${perSecond(rate(after - before, evidence))})`

/** The fields of a subject without its count. */
export function subject(worst: (Subject & { readonly count?: number }) | undefined): Subject {
  if (worst === undefined) return {}
  const { process, pid, localAddress, port, peer, peerPort } = worst
  return {
    ...(process === undefined ? {} : { process }),
    ...(pid === undefined ? {} : { pid }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(port === undefined ? {} : { port }),
    ...(peer === undefined ? {} : { peer }),
    ...(peerPort === undefined ? {} : { peerPort }),
  }
}

/** `12 sockets, 9 of them of one peer`. */
export const tallyLine = ({ count: total, worst }: Tally, what: string, common: string): string =>
  worst === undefined || worst.count === total
    ? `${count(total)} ${what}`
    : `${count(total)} ${what}, ${count(worst.count)} of them of ${common}`

export const sockets = (n: number): string => (n === 1 ? "socket" : "sockets")

/** The mean of a trace over the last `overMs`, each point weighing as long as its window; none without points. */
export function mean(past: readonly TracePoint[], fromMs: number, toMs: number, now: number): number | undefined {
  let sum = 0
  let time = 0
  for (const { at, elapsedMs, value } of past) {
    const age = now - at
    if (age < fromMs || age >= toMs) continue
    sum += value * elapsedMs
    time += elapsedMs
  }
  return time === 0 ? undefined : sum / time
}

/** How much time a trace covers. */
export const covered = (past: readonly TracePoint[]): number => past.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)

/** The process of a socket, where it is known. */
export const holderOf = ({ pid, process }: { readonly pid?: number; readonly process?: string }) => ({
  ...(pid === undefined ? {} : { pid }),
  ...(process === undefined ? {} : { process }),
})
