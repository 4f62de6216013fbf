/** Quit with blocks: they stay and are lifted on time, or they go now. */
import type { Command } from "../../app/command.ts"
import type { Facts } from "../../app/facts.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { type Close, definePanel, say } from "../../app/panel.ts"
import { blockText, stillActive } from "../../mitigation/active.ts"
import { type Line, line, type Size, span, type Tone } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { countdown } from "../../text/units.ts"
import { harmless, wrap } from "../../text/width.ts"

export type QuitBlocksAction = { readonly type: "quit-blocks/keep" } | { readonly type: "quit-blocks/lift" }

type Slice = Record<string, never>

const SIZE = { width: 66, height: 11 }

const commands: readonly Command<Slice, QuitBlocksAction | Close>[] = [
  {
    id: "quit-blocks.keep",
    keys: ["enter", "k", "q"],
    title: "Quit; blocks are lifted on time",
    hint: { key: "Enter", word: "keep and quit", rank: 1 },
    group: "Program",
    action: { type: "quit-blocks/keep" },
  },
  {
    id: "quit-blocks.lift",
    keys: ["l"],
    title: "Lift all blocks and quit",
    hint: { key: "l", word: "lift and quit", rank: 1 },
    group: "Act",
    action: { type: "quit-blocks/lift" },
  },
  {
    id: "quit-blocks.cancel",
    keys: ["escape", "c"],
    title: "Do not quit",
    hint: { key: "Esc", word: "stay", rank: 1 },
    group: "Program",
    action: { type: "app/close" },
  },
]

/** Lines under the list: a blank one and the three keys. */
const KEYS_HEIGHT = 4

export const quitBlocks = definePanel<"quit-blocks", Slice, QuitBlocksAction>({
  id: "quit-blocks",
  name: "Quit with blocks",
  only: "live",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial: {},
  commands,
  title: () => "Quit",
  update: (slice, action) =>
    action.type === "quit-blocks/keep"
      ? [slice, { type: "program/quit", code: 0 }]
      : [slice, say("lifting all blocks…"), { type: "block/lift-all", isQuitting: true }],
  view,
})

function view(_: Slice, facts: Facts, { width, height }: Size): readonly Line[] {
  const active = stillActive(facts.blocks, facts.now)
  const sentence = (text: string, tone: Tone) =>
    wrap(harmless(facts.isMasked ? maskAddresses(text) : text), width - 2).map((piece) => line(span(` ${piece}`, tone)))
  const head = [
    ...(facts.underWay > 0 ? sentence("An action is under way and may be left half done.", "warn") : []),
    ...(facts.tracing.running === undefined
      ? []
      : sentence("A trace is running. It ends with the program, and nothing judges it.", "warn")),
    ...(active.length === 0
      ? sentence(facts.tracing.running === undefined ? "No block is active any more." : "No block is active.", "muted")
      : sentence(active.length === 1 ? "One block is active:" : `${active.length} blocks are active:`, "strong")),
  ]
  const room = Math.max(0, height - head.length - KEYS_HEIGHT)
  const isWhole = active.length <= room
  const rows = active.slice(0, isWhole ? room : Math.max(0, room - 1)).map((block) => {
    const text = harmless(blockText(block))
    return line(
      span(`   ${facts.isMasked ? maskAddresses(text) : text}`),
      span(`  ${countdown(block.endsAt - facts.now)} left`, "muted"),
    )
  })
  const more = isWhole ? [] : [line(span(`   and ${active.length - rows.length} more`, "muted"))]
  const isByGuardian = active.some(({ backend }) => backend === "iptables")
  const key = (chord: string, word: string) => line(span(` ${chord.padEnd(6)}`, "strong"), span(word))
  return [
    ...head,
    ...rows,
    ...more,
    [],
    key(
      "Enter",
      active.length === 0
        ? "quit"
        : `keep and quit: ${isByGuardian ? "a guardian lifts" : "the kernel lifts"} them on time`,
    ),
    ...(active.length === 0 ? [] : [key("l", "lift all of them and quit")]),
    key("Esc", "stay"),
  ]
}
