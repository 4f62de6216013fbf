/** Blocked peers: who is kept out, by whom, for how much longer; more time, or none. */
import type { Hint } from "../../app/command.ts"
import type { Facts } from "../../app/facts.ts"
import { listBlocks } from "../../app/mitigation.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { definePanel, type PanelStep, say } from "../../app/panel.ts"
import { type ActiveBlock, blockText, isSameBlock, stillActive } from "../../mitigation/active.ts"
import { MINUTES_MAX } from "../../mitigation/target.ts"
import { windowNote } from "../../text/scroll.ts"
import { commands } from "./commands.ts"
import { pageRows, view, windowTop } from "./view.ts"

export interface BlockedPeers {
  /** The block under the cursor; absent: the first one. */
  readonly selected?: ActiveBlock
  /** Where it stands, for when it is gone. */
  readonly cursor: number
  /** What would be lifted, and is asked about. */
  readonly question?: { readonly kind: "one"; readonly block: ActiveBlock } | { readonly kind: "all" }
}

export type BlockedPeersAction =
  | { readonly type: "blocked-peers/move"; readonly by: number }
  | { readonly type: "blocked-peers/select"; readonly at: number }
  | { readonly type: "blocked-peers/extend" }
  | { readonly type: "blocked-peers/ask"; readonly kind: "one" | "all" }
  | { readonly type: "blocked-peers/answer"; readonly chord: string }

const SIZE = { width: 88, height: 16 }
const MINUTE_MS = 60_000
/** What `+` adds to what is left. */
const EXTENSION_MS = 5 * MINUTE_MS

const initial: BlockedPeers = { cursor: 0 }

export const activeIn = ({ blocks, now }: Facts): readonly ActiveBlock[] => stillActive(blocks, now)

/** Where the cursor stands now: on its block, or where that one was. */
export function cursorIn({ selected, cursor }: BlockedPeers, active: readonly ActiveBlock[]): number {
  const at = selected === undefined ? 0 : active.findIndex((block) => isSameBlock(block, selected))
  return at >= 0 ? at : Math.max(0, Math.min(cursor, active.length - 1))
}

const answerHints: readonly Hint[] = [
  { key: "y", word: "lift", rank: 1 },
  { key: "n", word: "keep", rank: 1 },
]

export const blockedPeers = definePanel<"blocked-peers", BlockedPeers, BlockedPeersAction>({
  id: "blocked-peers",
  name: "Blocked peers",
  only: "live",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial,
  commands,
  title: () => "Blocked peers",
  note: (slice, facts, size) => {
    const active = activeIn(facts)
    const page = pageRows(facts, size)
    return windowNote(windowTop(cursorIn(slice, active), page, active.length), page, active.length)
  },
  open: (facts) => [selectAt(initial, activeIn(facts), 0), listBlocks(facts)],
  update,
  view,
  mouse: (slice, facts, size, { kind, y }) => {
    if (slice.question !== undefined) return undefined
    if (kind !== "click") return { type: "blocked-peers/move", by: kind === "wheel-up" ? -1 : 1 }
    const active = activeIn(facts)
    const page = pageRows(facts, size)
    const at = windowTop(cursorIn(slice, active), page, active.length) + y - 1
    return y < 1 || y > page || at >= active.length ? undefined : { type: "blocked-peers/select", at }
  },
  capture: ({ question }, chord) => (question === undefined ? undefined : { type: "blocked-peers/answer", chord }),
  captureHints: ({ question }) => (question === undefined ? undefined : answerHints),
})

function update(slice: BlockedPeers, action: BlockedPeersAction, facts: Facts): PanelStep<BlockedPeers> {
  const active = activeIn(facts)
  const at = cursorIn(slice, active)
  const current = active[at]
  switch (action.type) {
    case "blocked-peers/move":
      return [selectAt(slice, active, at + action.by)]
    case "blocked-peers/select":
      return [selectAt(slice, active, action.at)]
    case "blocked-peers/extend": {
      if (current === undefined) return [slice, say("no block is active")]
      const left = current.endsAt - facts.now
      const durationMs = Math.min(MINUTES_MAX * MINUTE_MS, left + EXTENSION_MS)
      if (durationMs <= left) return [slice, say(`at most ${MINUTES_MAX} minutes`)]
      // With more time it may stand elsewhere in the list: the cursor goes with it.
      return [selectAt(slice, active, at), { type: "block/extend", block: current, durationMs: Math.round(durationMs) }]
    }
    case "blocked-peers/ask":
      if (current === undefined) return [slice, say("no block is active")]
      return [{ ...slice, question: action.kind === "all" ? { kind: "all" } : { kind: "one", block: current } }]
    case "blocked-peers/answer":
      return answer(slice, action.chord)
  }
}

function selectAt(slice: BlockedPeers, active: readonly ActiveBlock[], wanted: number): BlockedPeers {
  const cursor = Math.max(0, Math.min(wanted, active.length - 1))
  const selected = active[cursor]
  return selected === undefined ? slice : { ...slice, selected, cursor }
}

/** Only `y` lifts: Enter, pressed once too often, does nothing. */
function answer(slice: BlockedPeers, chord: string): PanelStep<BlockedPeers> {
  const { question, ...asked } = slice
  if (question === undefined) return [slice]
  if (chord === "n" || chord === "escape") return [asked]
  if (chord !== "y") return [slice, say("y lifts, n keeps")]
  if (question.kind === "all") return [asked, say("lifting all blocks…"), { type: "block/lift-all", isQuitting: false }]
  const { block } = question
  return [asked, say(`lifting ${blockText(block)}…`), { type: "block/lift", block }]
}
