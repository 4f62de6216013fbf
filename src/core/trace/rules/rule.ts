/** One thing that a capture can show to be wrong. */
import type { Facts } from "../facts.ts"
import type { Finding } from "../finding.ts"

export interface TraceRule {
  readonly id: string
  /** The packets that are missing are its evidence: where the capture itself lost some, it is not safe. */
  readonly restsOnAbsence: boolean
  readonly judge: (facts: Facts) => Omit<Finding, "id"> | undefined
}
