/** A verdict about what a capture shows, in the form of the diagnosis rules' findings. */
export interface Finding {
  readonly id: string
  readonly severity: "warn" | "crit"
  readonly confidence: "low" | "medium" | "high"
  readonly title: string
  /** Sentences with the numbers of the packets they rest on. */
  readonly evidence: readonly string[]
  readonly meaning: string
  readonly next: readonly string[]
}
