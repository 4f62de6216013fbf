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
import { countdown, duration, linkSpeed } from "../text/units.ts"
import { cut, harmless } from "../text/width.ts"
import type { Hint } from "./command.ts"
import { maskOf } from "./facts.ts"
import { appCommandsIn, commandsOf } from "./guide.ts"
import { frontOf, type SomeCommand, sliceOf } from "./registry.ts"
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
  const parts = [...facts(state), ...hints(state).map(hintPart)]
  const chosen = choose(parts, width - 1)
  const left = chosen.flatMap((form, i) => (i === 0 ? [span(" "), ...form] : [gap(SEPARATOR), ...form]))
  const room = width - lineWidth(left)
  const version = versionForms(state).find((form) => room - lineWidth(form) > SEPARATOR)
  return version === undefined ? left : [...left, gap(room - lineWidth(version) - 1), ...version]
}

/** What runs; with what is newer, where the operator has asked. */
function versionForms({ settings, newerRelease }: State): readonly Line[] {
  const running = span(`holyf-network ${harmless(settings.version)}`, "muted")
  if (newerRelease === undefined) return [[running]]
  const newer = span(`(new ${harmless(newerRelease)})`, "accent")
  return [[running, gap(1), newer], [newer]]
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

const rank = { always: 0, notice: 1, hint: 2, age: 3, interval: 6, extra: 7, chip: 8, last: 9 } as const

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
    ...(state.source === "replay" ? [] : linkPart(state)),
    ...(isPaused || state.source === "replay" ? [] : [agePart(state), intervalPart(state)]),
    ...lastPart(state),
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

const noticeText = (state: State, text: string): string => harmless(maskAddresses(text, maskOf(state)))

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

/** What the link carries, where the device says it. */
function linkPart({ lane }: State): readonly Part[] {
  const speed = lane?.traffic.ok ? lane.traffic.value.speedBitsPerSecond : undefined
  if (speed === undefined || speed <= 0) return []
  return [{ rank: rank.chip, forms: [line(span("link ", "muted"), span(linkSpeed(speed)))] }]
}

/** What was said last, for who has missed it: it gives way to everything. */
function lastPart(state: State): readonly Part[] {
  const { notice, lastNotice } = state
  if (notice !== undefined || lastNotice === undefined) return []
  const text = `last: ${noticeText(state, lastNotice.text)}`
  return [{ rank: rank.last, forms: [line(span(text, "muted"))], isCut: true }]
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
  const front = frontOf(state)
  const typing = front.captureHints?.(sliceOf(state, front))
  if (typing !== undefined) return typing
  const { source } = state
  const everywhere = top === undefined ? appCommandsIn(source) : []
  // In a replay it is time that is gone through: those keys first.
  const isTime = ({ group }: SomeCommand) => group === "Time"
  const commands = [
    ...everywhere.filter(isTime),
    ...commandsOf(front, source),
    ...everywhere.filter((each) => !isTime(each)),
  ]
  // Paused, the bar says by itself what `p` does; a screen that is whole has nothing to leave.
  const isSaid = ({ id }: SomeCommand) =>
    (state.isPaused && id === "app.pause") ||
    (id === "app.leave" && state.page === undefined && !state.isZoomed) ||
    (id === "app.charts" && state.page !== undefined)
  const works = ({ refuse }: SomeCommand) => refuse?.(sliceOf(state, front), state) === undefined
  const shown = commands.filter((command) => command.hint !== undefined && !isSaid(command) && works(command))
  return shown.flatMap(({ hint }) => hint ?? [])
}
