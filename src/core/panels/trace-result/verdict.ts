/** The first page: what is wrong, how sure that is, what to do; then what was captured, and where it lies. */
import type { ShownTrace } from "../../app/tracing.ts"
import { type Line, line, type Span, span, type Tone } from "../../text/line.ts"
import { bytes, count } from "../../text/units.ts"
import { wrap } from "../../text/width.ts"
import type { Finding } from "../../trace/finding.ts"

const INDENT = 6

const paragraph = (text: string, tone: Tone, width: number, mark?: Span): Line[] =>
  wrap(text, Math.max(1, width - INDENT - 1)).map((piece, i) =>
    i === 0 && mark !== undefined
      ? [span(" ".repeat(INDENT - mark.text.length)), mark, span(piece, tone)]
      : [span(" ".repeat(INDENT)), span(piece, tone)],
  )

export function verdictLines(
  { trace, verdict, about, notes, entry }: ShownTrace,
  shown: (text: string) => string,
  isMasked: boolean,
  width: number,
): readonly Line[] {
  const { counts } = trace
  const { findings, summary } = verdict
  const calm = [
    line(span(" OK   ", "ok"), span(shown(summary), "strong")),
    ...(entry === undefined
      ? []
      : paragraph(`${entry.confidence.toLowerCase()} confidence, by the number of packets`, "muted", width)),
  ]
  const flag = (word: string, value: number, tone: Tone): Span[] => [
    span(` ${word} `, "muted"),
    span(count(value), value > 0 ? tone : "muted"),
  ]
  const lost = about.dropped
  return [
    ...(findings.length === 0 ? calm : findings.flatMap((finding) => findingLines(finding, shown, width))),
    ...[...verdict.notes, ...notes].flatMap((note) => paragraph(shown(`note: ${note}`), "muted", width)),
    [],
    line(
      span(
        ` ${count(trace.packetCount)} packets, ${bytes(trace.bytes)} in ${about.seconds.toFixed(1)} s${where(about, shown)}${statusText(entry)}`,
      ),
      span(
        lost === undefined ? "" : `, ${count(lost)} lost by the capture`,
        lost !== undefined && lost > 0 ? "crit" : "muted",
      ),
    ),
    line(
      ...flag("[S]", counts.syn, "plain"),
      ...flag("[S.]", counts.synAck, "plain"),
      ...flag("[F]", counts.fin, "plain"),
      ...flag("[R]", counts.rst, "crit"),
      ...flag(" TCP", counts.tcp, "plain"),
      ...flag("UDP", counts.udp, "plain"),
      ...flag("ICMP", counts.icmp, "plain"),
      ...flag("ARP", counts.arp, "plain"),
    ),
    ...labelled("filter", isMasked ? "hidden while addresses are masked" : shown(about.filter ?? "not known"), width),
    ...labelled("pcap", about.file === undefined ? "not saved" : pathText(about.file, isMasked, shown), width),
  ]
}

const statusWords: Readonly<Record<string, string>> = {
  completed: "; its packet limit was reached",
  aborted: "; stopped early",
  failed: "; it failed",
}

/** How it ended, where that is not its time. */
const statusText = (entry: ShownTrace["entry"]): string =>
  entry === undefined ? "" : (statusWords[entry.status] ?? "")

/** The name of a capture holds its peer. */
export const pathText = (path: string, isMasked: boolean, shown: (text: string) => string): string =>
  isMasked ? `${shown(path.slice(0, path.lastIndexOf("/")))}/[masked]` : shown(path)

const where = ({ interfaceName, netns }: ShownTrace["about"], shown: (text: string) => string) =>
  `${interfaceName === undefined ? "" : ` on ${shown(interfaceName)}`}${netns === undefined ? "" : ` in network namespace ${shown(netns)}`}`

const LABEL = 8

function labelled(label: string, text: string, width: number): Line[] {
  return wrap(text, Math.max(1, width - LABEL - 2)).map((piece, i) =>
    line(span(` ${(i === 0 ? label : "").padEnd(LABEL)}`, "muted"), span(piece)),
  )
}

function findingLines(finding: Finding, shown: (text: string) => string, width: number): Line[] {
  const { severity, title, confidence, evidence, meaning, next } = finding
  const [first = "", ...rest] = wrap(shown(title), Math.max(1, width - INDENT - 1))
  return [
    line(span(` ${severity.toUpperCase()} `, severity), span(first, "strong")),
    ...rest.map((piece): Line => [span(" ".repeat(INDENT)), span(piece, "strong")]),
    ...paragraph(`${confidence} confidence`, "muted", width),
    ...evidence.flatMap((text) => paragraph(shown(text), "plain", width)),
    ...paragraph(shown(meaning), "muted", width),
    ...next.flatMap((text, i) => paragraph(shown(text), "plain", width, span(`${i + 1} `, "accent"))),
    [],
  ]
}
