/**
 * What counters did between two looks.
 *
 * A counter that went back was reset (a device came again, a module was reloaded): what it did is unknown, for this
 * one window, and never negative.
 */
import type { ProtocolCounters } from "../sample/sample.ts"

/** In less than this, a rate says more of the moment of reading than of the traffic. */
export const WINDOW_MIN_MS = 200

/**
 * Whether two looks are far enough apart for a rate. When they are not, the caller keeps the earlier one to compare
 * with, so that frequent looks still come to a rate.
 */
export const isWindow = (elapsedMs: number): boolean => elapsedMs >= WINDOW_MIN_MS && Number.isFinite(elapsedMs)

/** The rise of one counter; `undefined` when a reading is missing or it went back. */
export function difference(now: number | undefined, before: number | undefined): number | undefined {
  if (now === undefined || before === undefined || !(now >= before)) return undefined
  return now - before
}

/** A rise in each second of the window; `undefined` when there was none to know, or the window is too short. */
export const perSecond = (rise: number | undefined, elapsedMs: number): number | undefined =>
  rise === undefined || !isWindow(elapsedMs) ? undefined : (rise * 1000) / elapsedMs

/** The kernel's counters in two looks. Only a few of some four hundred are ever asked for. */
export interface CounterPair {
  readonly now: ProtocolCounters
  readonly before: ProtocolCounters
}

/** The rise of one of them; `undefined` when it is missing in a look or went back. */
export const riseOf = ({ now, before }: CounterPair, group: string, name: string): number | undefined =>
  difference(own(own(now, group), name), own(own(before, group), name))

// Names come from outside: `constructor` must not find the one every object inherits.
const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
