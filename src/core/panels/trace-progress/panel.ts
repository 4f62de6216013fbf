/** Trace running: how far it is. It goes on when this is closed; only Esc ends it. */
import type { Command } from "../../app/command.ts"
import { type Facts, maskOf } from "../../app/facts.ts"
import { overlaySize } from "../../app/overlay-size.ts"
import { type Close, definePanel, say } from "../../app/panel.ts"
import { leftMs } from "../../app/tracing.ts"
import { endpoint } from "../../text/endpoint.ts"
import { type Line, line, type Size, type Span, span, type Tone } from "../../text/line.ts"
import { maskAddresses } from "../../text/mask.ts"
import { bytes, count, duration } from "../../text/units.ts"
import { cut, harmless } from "../../text/width.ts"
import { directions, modeLabel, strategyLabel } from "../../trace/filter.ts"

export type TraceProgressAction = { readonly type: "trace-progress/stop" }

type Slice = Record<string, never>

const SIZE = { width: 66, height: 11 }
const LABEL = 11

const commands: readonly Command<Slice, TraceProgressAction | Close>[] = [
  {
    id: "trace-progress.stop",
    keys: ["escape"],
    title: "Stop the capture, judge what there is",
    hint: { key: "Esc", word: "stop", rank: 1 },
    group: "Act",
    action: { type: "trace-progress/stop" },
  },
  {
    id: "trace-progress.leave",
    keys: ["enter", "t", "q"],
    title: "Look at other panels while it goes on",
    hint: { key: "Enter", word: "go on elsewhere", rank: 1 },
    group: "Screen",
    action: { type: "app/close" },
  },
]

export const traceProgress = definePanel<"trace-progress", Slice, TraceProgressAction>({
  id: "trace-progress",
  name: "Trace running",
  place: { region: "overlay", size: ({ screen }) => overlaySize(screen, SIZE) },
  initial: {},
  commands,
  title: () => "Trace running",
  update: (slice, _action, { tracing }) => {
    // Asked a second time it does not keep anybody here, however long tcpdump takes to end.
    if (tracing.running === undefined || tracing.running.isStopping) return [slice, { type: "app/close" }]
    return [slice, say("stopping the capture…"), { type: "trace/stop" }]
  },
  view,
})

function view(_: Slice, facts: Facts, { width }: Size): readonly Line[] {
  const { running } = facts.tracing
  if (running === undefined) return [line(span(" no trace is running", "muted"))]
  const { request, progress, isStopping } = running
  const { form, namespace } = request
  const shown = (text: string) => harmless(maskAddresses(text, maskOf(facts)))
  const row = (label: string, value: string, tone: Tone = "plain"): Line =>
    line(span(` ${label.padEnd(LABEL)}`, "muted"), span(cut(shown(value), Math.max(1, width - LABEL - 2)), tone))
  const place = namespace === undefined ? "" : ` in network namespace ${namespace.name}`
  const direction = directions.find((spec) => spec.direction === form.direction)!.label.toLowerCase()
  const key = (chord: string, word: string): Span[] => [span(` ${chord}`, "strong"), span(` ${word}  `, "muted")]
  return [
    row("peer", form.port === undefined ? form.peer : endpoint(form.peer, form.port), "strong"),
    row("on", `${form.interfaceName}${place}, ${direction}`),
    row("asked for", `${modeLabel(form.mode)}, ${strategyLabel(form.strategy)}`),
    [],
    row("packets", `${count(progress.packets)} of at most ${count(form.packets)}`),
    row("bytes", bytes(progress.bytes)),
    row(
      "lost",
      progress.dropped === undefined ? "–" : count(progress.dropped),
      (progress.dropped ?? 0) > 0 ? "warn" : "plain",
    ),
    timeLine(leftMs(running), form.seconds, progress.elapsedMs === undefined, isStopping, width),
    [],
    line(...key("Esc", "stops and judges what there is"), ...key("Enter", "lets it go on")),
  ]
}

const BAR_MAX = 30

function timeLine(left: number, seconds: number, isStarting: boolean, isStopping: boolean, width: number): Line {
  const label = span(` ${"time left".padEnd(LABEL)}`, "muted")
  if (isStopping) return [label, span("stopping…", "accent")]
  if (isStarting) return [label, span("starting tcpdump…", "muted")]
  const room = Math.max(1, Math.min(BAR_MAX, width - LABEL - 10))
  const done = Math.round(room * Math.max(0, Math.min(1, 1 - left / (seconds * 1000))))
  return [
    label,
    span(duration(left + 999).padEnd(5), "strong"),
    span("█".repeat(done), "accent"),
    span("░".repeat(room - done), "muted"),
  ]
}
