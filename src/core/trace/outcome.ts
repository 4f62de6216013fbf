/** What is left of a trace when it is over, or of a capture file that was read. */
import type { Alias } from "../sample/aliases.ts"
import type { TraceEntry } from "./history.ts"
import type { Verdict } from "./judge.ts"
import type { TraceDescription } from "./report.ts"
import type { Trace } from "./trace.ts"

export interface TraceOutcome {
  readonly trace: Trace
  readonly verdict: Verdict
  readonly about: TraceDescription
  /** What history says of it; absent for a file of unknown origin. */
  readonly entry?: TraceEntry
  /** What went wrong beside the capture: it could not be saved, or not be remembered. */
  readonly notes: readonly string[]
}

/** The way to a peer: where its packets can be seen. */
export interface Way {
  /** `any` where one interface would show half. */
  readonly interfaceName: string
  /** Whom packets are handed to, when it is not the peer itself. */
  readonly gateway?: string
  /** Other names under which this host sees the peer's packets; absent: none. */
  readonly aliases?: readonly Alias[]
}
