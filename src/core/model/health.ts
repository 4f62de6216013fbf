/**
 * The health of the host in one word: the worst of everything that was judged.
 *
 * A figure that could not be read or has too little behind it is *unknown* and says so; it neither hides what others
 * found nor counts as fine.
 */
import type { Reading } from "../sample/sample.ts"
import type { ConntrackUse } from "./conntrack.ts"
import { type Level, worstLevel } from "./level.ts"
import type { Retransmits } from "./retransmits.ts"

/** What the figures are judged from. */
export interface HealthFacts {
  readonly retransmits: Reading<Retransmits>
  readonly conntrack: Reading<ConntrackUse>
}

export interface HealthPart {
  readonly id: string
  readonly level: Level
  /** A few words for one line: `retrans 0.2%`. */
  readonly text: string
  /** Why there is no figure. */
  readonly reason?: string
}

export interface Health {
  readonly level: Level
  /** Every figure, judged or not, in the order they are shown. */
  readonly parts: readonly HealthPart[]
}

interface Figure {
  readonly id: string
  readonly title: string
  judge(facts: HealthFacts): { readonly level: Level; readonly value: string; readonly reason?: string }
}

const unread = (reason: string) => ({ level: "unknown", value: "n/a", reason }) as const

/** Everything that is judged, in the order it is shown. */
const figures: readonly Figure[] = [
  {
    id: "retransmits",
    title: "retrans",
    judge({ retransmits }) {
      if (!retransmits.ok) return unread(retransmits.reason)
      const { value } = retransmits
      switch (value.kind) {
        case "first":
          return unread("rates come with the next look")
        case "unknown":
          return unread(value.reason)
        case "low-sample":
          return { level: "unknown", value: "LOW SAMPLE" }
        case "judged":
          return { level: value.level, value: percent(value.percent) }
      }
    },
  },
  {
    id: "conntrack",
    title: "conntrack",
    judge({ conntrack }) {
      if (!conntrack.ok) return unread(conntrack.reason)
      const { usedPercent, level } = conntrack.value
      return usedPercent === undefined ? unread("the table has no limit") : { level, value: percent(usedPercent) }
    },
  },
]

export function deriveHealth(facts: HealthFacts): Health {
  const parts = figures.map(({ id, title, judge }) => {
    const { level, value, reason } = judge(facts)
    return { id, level, text: `${title} ${value}`, ...(reason !== undefined && { reason }) }
  })
  return { level: worstLevel(parts.map((part) => part.level)), parts }
}

/** Once rules have judged, their verdict is the word: they judge all that the figures do, and it does not flicker. */
export const withVerdict = (health: Health, verdict: Level): Health =>
  verdict === health.level ? health : { ...health, level: verdict }

/** One decimal; what is there but rounds to nothing is not 0. */
const percent = (value: number): string => (value > 0 && value < 0.1 ? "<0.1%" : `${value.toFixed(1)}%`)
