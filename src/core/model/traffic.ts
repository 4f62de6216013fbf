/** What one interface carries: rates of two looks, totals of the last. */
import type { InterfaceCounters } from "../sample/sample.ts"
import { difference, perSecond } from "./counter-difference.ts"

export interface Traffic {
  readonly name: string
  /** Absent in the first look, in a window too short, and after the counters were reset. */
  readonly rates?: TrafficRates
  /** Since the device appeared. */
  readonly rxErrors: number
  readonly txErrors: number
  readonly rxDropped: number
  readonly txDropped: number
  readonly speedBitsPerSecond?: number
}

export interface TrafficRates {
  readonly rxBytesPerSecond: number
  readonly txBytesPerSecond: number
  readonly rxPacketsPerSecond: number
  readonly txPacketsPerSecond: number
  /** Each may be absent: some drivers count these anew when their rings are rebuilt. */
  readonly rxErrorsPerSecond?: number
  readonly txErrorsPerSecond?: number
  readonly rxDroppedPerSecond?: number
  readonly txDroppedPerSecond?: number
  /** Of the fuller direction, since a link carries its speed in each. Only with a known speed. */
  readonly usedPercent?: number
}

/** The look to compare with, and how long ago it was on the monotonic clock. */
export interface TrafficBefore {
  readonly counters: InterfaceCounters
  readonly elapsedMs: number
}

export function deriveTraffic(now: InterfaceCounters, before?: TrafficBefore): Traffic {
  const { name, rxErrors, txErrors, rxDropped, txDropped, speedBitsPerSecond } = now
  const rates = before?.counters.name === name ? deriveRates(now, before) : undefined
  return {
    name,
    rxErrors,
    txErrors,
    rxDropped,
    txDropped,
    ...(rates !== undefined && { rates }),
    ...(speedBitsPerSecond !== undefined && { speedBitsPerSecond }),
  }
}

function deriveRates(now: InterfaceCounters, { counters, elapsedMs }: TrafficBefore): TrafficRates | undefined {
  const rateOf = (counter: Exclude<keyof InterfaceCounters, "name" | "speedBitsPerSecond">) =>
    perSecond(difference(now[counter], counters[counter]), elapsedMs)
  const rxBytesPerSecond = rateOf("rxBytes")
  const txBytesPerSecond = rateOf("txBytes")
  const rxPacketsPerSecond = rateOf("rxPackets")
  const txPacketsPerSecond = rateOf("txPackets")
  // One of these going back means that the device is a new one: what the others show is the sum of two lives.
  if (rxBytesPerSecond === undefined || txBytesPerSecond === undefined) return undefined
  if (rxPacketsPerSecond === undefined || txPacketsPerSecond === undefined) return undefined
  const speed = now.speedBitsPerSecond
  return {
    rxBytesPerSecond,
    txBytesPerSecond,
    rxPacketsPerSecond,
    txPacketsPerSecond,
    ...optional({
      rxErrorsPerSecond: rateOf("rxErrors"),
      txErrorsPerSecond: rateOf("txErrors"),
      rxDroppedPerSecond: rateOf("rxDropped"),
      txDroppedPerSecond: rateOf("txDropped"),
      usedPercent:
        speed === undefined || speed <= 0
          ? undefined
          : ((Math.max(rxBytesPerSecond, txBytesPerSecond) * 8) / speed) * 100,
    }),
  }
}

/** The fields that are known. */
const optional = <T extends Record<string, number | undefined>>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: number
  }
