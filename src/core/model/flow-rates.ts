/** Room for what moved on flows. */

/** Bytes that moved in the window, row by row beside the `FlowTable`. Reused from look to look. */
export interface FlowRateTable {
  /** From whom sent first to whom answers, and back; NaN is unknown. */
  originalBytes: Float64Array
  replyBytes: Float64Array
  /** byteMark. */
  mark: Uint8Array
}

export const createFlowRateTable = (): FlowRateTable => ({
  originalBytes: new Float64Array(0),
  replyBytes: new Float64Array(0),
  mark: new Uint8Array(0),
})

/** Makes room for `capacity` flows. What was there is gone. */
export function fitFlowRates(rates: FlowRateTable, capacity: number): void {
  if (rates.mark.length >= capacity) return
  rates.originalBytes = new Float64Array(capacity)
  rates.replyBytes = new Float64Array(capacity)
  rates.mark = new Uint8Array(capacity)
}
