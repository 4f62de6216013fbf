/**
 * The last line of the screen: what is looked at, how old it is, and which keys matter here.
 *
 * Each part has a rank; where the line is short, the parts of the highest rank are left out, and what stays keeps its
 * order.
 */
import { stillActive } from "../mitigation/active.ts"
import { capabilityLabel } from "../mitigation/capability.ts"
import { lineWidth } from "../text/layer.ts"
import { type Line, line, type Span, span } from "../text/line.ts"
import { maskAddresses } from "../text/mask.ts"
import { countdown, duration } from "../text/units.ts"
import { cut, harmless } from "../text/width.ts"
import type { Hint } from "./command.ts"
import { appCommandsIn, commandsOf } from "./guide.ts"
import { panelOf, type SomeCommand, sliceOf } from "./registry.ts"
import { statusParts } from "./replay-words.ts"
import type { State } from "./state.ts"
import { traceChip } from "./tracing.ts"

interface Part {
  readonly rank: number
  /** The same in ever fewer cells; the first that fits is taken. */
  readonly forms: readonly Line[]
  /** Where no form fits, the last one is cut. */
  readonly isCut?: boolean
}

const SEPARATOR = 2
/** Less than this of a sentence says nothing. */
const CUT_MIN = 8
/** Names of interfaces are shorter (linux/if.h, IFNAMSIZ). */
const INTERFACE_MAX = 16

export function statusBar(state: State, width: number): Line {
  const version = span(`holyf-network ${harmless(state.settings.version)}`, "muted")
  const parts = [...facts(state), ...hints(state).map(hintPart)]
  const chosen = choose(parts, width - 1)
  const left = chosen.flatMap((form, i) => (i === 0 ? [span(" "), ...form] : [gap(SEPARATOR), ...form]))
  const room = width - lineWidth(left) - lineWidth([version])
  return room < SEPARATOR + 1 ? left : [...left, gap(room - 1), version]
}

const gap = (cells: number): Span => span(" ".repeat(cells))

/** The forms that fit `width` cells together, most important parts first, in the order of `parts`. */
function choose(parts: readonly Part[], width: number): Line[] {
  const chosen = new Map<Part, Line>()
  let left = width + SEPARATOR
  for (const part of [...parts].sort((a, b) => a.rank - b.rank)) {
    const room = left - SEPARATOR
    const fitting = part.forms.find((form) => lineWidth(form) <= room)
    const form =
      fitting ?? (part.isCut === true && room >= CUT_MIN ? [cutSpan(part.forms.at(-1)![0]!, room)] : undefined)
    if (form === undefined) continue
    chosen.set(part, form)
    left -= lineWidth(form) + SEPARATOR
  }
  return parts.filter((part) => chosen.has(part)).map((part) => chosen.get(part)!)
}

const cutSpan = (part: Span, width: number): Span => ({ ...part, text: cut(part.text, width) })

const rank = { always: 0, notice: 1, hint: 2, age: 3, interval: 6, extra: 7 } as const

function facts(state: State): readonly Part[] {
  const { isPaused, isMasked, isZoomed, notice } = state
  const flag = (text: string): Part => ({ rank: rank.always, forms: [line(span(text, "accent"))] })
  return [
    { rank: rank.always, forms: [line(span(cut(harmless(state.settings.interfaceName), INTERFACE_MAX), "strong"))] },
    ...replayParts(state),
    ...(isMasked ? [flag("MASKED")] : []),
    ...(isZoomed ? [flag("ZOOMED")] : []),
    ...blocksPart(state),
    ...tracePart(state),
    ...(isPaused ? [pausePart(state)] : []),
    ...(notice === undefined
      ? []
      : [{ rank: rank.notice, forms: [line(span(noticeText(state, notice.text), notice.tone))], isCut: true }]),
    ...meansPart(state),
    ...(isPaused || state.source === "replay" ? [] : [agePart(state), intervalPart(state)]),
  ]
}

/** Where in the history we are; a notice gives way to none of it but the first. */
const replayParts = ({ replay, slices }: State): readonly Part[] =>
  replay === undefined
    ? []
    : statusParts(replay, slices["top-connections"].side).map((forms, i) => ({
        rank: i === 0 ? rank.always : rank.hint,
        forms,
      }))

const noticeText = ({ isMasked }: State, text: string): string => harmless(isMasked ? maskAddresses(text) : text)

/** That somebody is kept out is never left out; when the next block is over, as long as there is room. */
function blocksPart({ blocks, now }: State): readonly Part[] {
  const active = stillActive(blocks, now)
  if (active.length === 0) return []
  const next = countdown(Math.min(...active.map(({ endsAt }) => endsAt)) - now)
  const short = `BLOCKS ${active.length}`
  return [{ rank: rank.always, forms: [`${short} (next ${next})`, short].map((text) => line(span(text, "warn"))) }]
}

/** A trace goes on wherever the operator looks; one that has ended waits to be looked at. */
function tracePart(state: State): readonly Part[] {
  const chip = traceChip(state)
  if (chip === undefined) return []
  const text = span(chip.text, chip.isNews ? "strong" : "accent")
  const hint = [gap(1), span("t", "strong"), span(" shows it", "muted")]
  // An overlay takes every key.
  return [{ rank: rank.always, forms: state.overlays.length > 0 ? [[text]] : [[text, ...hint], [text]] }]
}

/** By which means we act. A weaker one matters more than the usual. */
function meansPart({ capabilities }: State): readonly Part[] {
  if (capabilities === undefined) return []
  const { text, tone } = capabilityLabel(capabilities)
  return [{ rank: tone === "ok" ? rank.extra : rank.hint, forms: [line(span(text, tone))] }]
}

/** As wide as `59s ago`: what stands behind it moves once a minute at most. */
const AGE_WIDTH = 7

function agePart({ lookedAt, now }: State): Part {
  const text = lookedAt === undefined ? "first look…" : ageText(lookedAt, now)
  return { rank: rank.age, forms: [line(text.padEnd(AGE_WIDTH))] }
}

const ageText = (at: number, now: number): string => `${duration(now - at)} ago`

/** Most looks are over in the blink of an eye: a word for those would flicker. */
const SLOW_LOOK_MS = 1_000

/** The refresh interval; while a look takes long, that word in its place. */
function intervalPart({ settings, isCollecting, lookStartedAt, now, model }: State): Part {
  const text = `every ${duration(settings.refreshMs)}`
  const isSlow = isCollecting && model !== undefined && now - lookStartedAt >= SLOW_LOOK_MS
  return isSlow
    ? { rank: rank.age, forms: [line("looking…".padEnd(text.length))] }
    : { rank: rank.interval, forms: [line(span(text, "muted"))] }
}

/** What is frozen, and how to go on. */
function pausePart({ lookedAt, now }: State): Part {
  const word = span("PAUSED", "accent")
  const goOn = [gap(SEPARATOR), ...hintSpans({ key: "p", word: "goes on" })]
  if (lookedAt === undefined) return { rank: rank.always, forms: [[word, ...goOn], [word]] }
  const age = ageText(lookedAt, now)
  return {
    rank: rank.always,
    forms: [[word, span(` rows and rates of ${age}`), ...goOn], [word, span(` ${age}`), ...goOn], [word]],
  }
}

const hintSpans = ({ key, word }: Hint): Line => [span(key, "strong"), span(` ${word}`, "muted")]

const hintPart = (hint: Hint): Part => ({
  rank: hint.rank === undefined ? rank.extra : hint.rank === 1 ? rank.hint : rank.age + hint.rank - 1,
  forms: [hintSpans(hint)],
})

/** The keys worth a word: those of what is typed, of the overlay in front, or of the focused panel and the program. */
function hints(state: State): readonly Hint[] {
  const top = state.overlays.at(-1)
  const front = panelOf(top ?? state.focus)
  const typing = front.captureHints?.(sliceOf(state, front))
  if (typing !== undefined) return typing
  const { source } = state
  const everywhere = top === undefined ? appCommandsIn(source) : []
  // In a replay it is time that is gone through: those keys first, and none of what cannot be done.
  const isTime = ({ group }: SomeCommand) => group === "Time"
  const all =
    source === "replay"
      ? [...everywhere.filter(isTime), ...commandsOf(front, source), ...everywhere.filter((each) => !isTime(each))]
      : [...commandsOf(front, source), ...everywhere]
  const slice = sliceOf(state, front)
  const commands = source === "replay" ? all.filter(({ refuse }) => refuse?.(slice, state) === undefined) : all
  // Paused, the bar says by itself what `p` does.
  const shown = commands.filter(({ id }) => !(state.isPaused && id === "app.pause"))
  return shown.flatMap(({ hint }) => hint ?? [])
}
