/** Minutes that the charts reach back, in the order of `-`. */
export const reaches = [1, 5, 15] as const
export type Minutes = (typeof reaches)[number]

/** What the third chart may show, in the order of its key. */
export const figures = ["retransmits", "connections", "conntrack"] as const
export type Figure = (typeof figures)[number]

export interface BandwidthChart {
  readonly minutes: Minutes
  readonly figure: Figure
}
