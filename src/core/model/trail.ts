/** The rates of one row, look after look: what moved before the operator asked. */

export interface RatePoint {
  /** Bytes a second; absent when unknown. */
  readonly tx?: number
  readonly rx?: number
}

/** The latest last. */
export type Trail = readonly RatePoint[]

export const TRAIL_MAX = 60

export const addPoint = (trail: Trail, point: RatePoint): Trail => [...trail.slice(1 - TRAIL_MAX), point]

/** A point of what is known. */
export const ratePoint = (tx: number | undefined, rx: number | undefined): RatePoint => ({
  ...(tx === undefined || Number.isNaN(tx) ? {} : { tx }),
  ...(rx === undefined || Number.isNaN(rx) ? {} : { rx }),
})
