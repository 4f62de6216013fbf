/** Diagnosis: what is wrong, worst first, who causes it and what to do next. */
import type { Facts } from "../../app/facts.ts"
import { definePanel, say } from "../../app/panel.ts"
import type { Size } from "../../text/line.ts"
import { scrolled, windowNote } from "../../text/scroll.ts"
import { explanations } from "./explanations.ts"
import { content, keyOf, selectedAt, stripLine } from "./lines.ts"
import { type Diagnosed, initial } from "./state.ts"

export type DiagnosisAction =
  | { readonly type: "diagnosis/move"; readonly by: 1 | -1 }
  | { readonly type: "diagnosis/select"; readonly line: number }
  | { readonly type: "diagnosis/toggle" }
  | { readonly type: "diagnosis/scroll"; readonly by: number; readonly unit: "line" | "page" }

const WHEEL_LINES = 3

/** Selects a finding, and moves the window so that it is seen from its first line on. */
function select(slice: Diagnosed, at: number, facts: Facts, { width, height }: Size): Diagnosed {
  const findings = facts.diagnosis?.findings ?? []
  const finding = findings[Math.max(0, Math.min(at, findings.length - 1))]
  if (finding === undefined) return slice
  const selected = keyOf(finding)
  const moved = { ...slice, selected }
  const { lines, starts } = content(moved, facts, width)
  const index = selectedAt(moved, findings)
  const first = starts[index] ?? 0
  const last = starts[index + 1] ?? lines.length
  const low = Math.min(first, Math.max(slice.top, last - height))
  const top = scrolled(low, 0, height, lines.length)
  return selected === slice.selected && top === slice.top ? slice : { ...moved, top }
}

export const diagnosis = definePanel<"diagnosis", Diagnosed, DiagnosisAction>({
  id: "diagnosis",
  name: "Diagnosis",
  place: { region: "side", weight: 2 },
  initial,
  explanations,
  commands: [
    {
      id: "diagnosis.up",
      keys: ["up"],
      title: "Finding above",
      group: "Select",
      action: { type: "diagnosis/move", by: -1 },
    },
    {
      id: "diagnosis.down",
      keys: ["down"],
      title: "Finding below",
      hint: { key: "↑↓", word: "finding", rank: 2 },
      group: "Select",
      action: { type: "diagnosis/move", by: 1 },
    },
    {
      id: "diagnosis.toggle",
      keys: ["enter"],
      title: "Evidence and advice, or the list alone",
      hint: { key: "Enter", word: "details", rank: 2 },
      group: "Look",
      action: { type: "diagnosis/toggle" },
    },
    {
      id: "diagnosis.page-up",
      keys: ["pageup"],
      title: "Scroll up",
      group: "Look",
      action: { type: "diagnosis/scroll", by: -1, unit: "page" },
    },
    {
      id: "diagnosis.page-down",
      keys: ["pagedown"],
      title: "Scroll down",
      group: "Look",
      action: { type: "diagnosis/scroll", by: 1, unit: "page" },
    },
  ],
  title: () => "Diagnosis",
  note: ({ top, ...slice }, facts, { width, height }) =>
    windowNote(top, height, content({ ...slice, top }, facts, width).lines.length),
  update(slice, action, facts, size) {
    const findings = facts.diagnosis?.findings ?? []
    switch (action.type) {
      case "diagnosis/move": {
        const { lines } = content(slice, facts, size.width)
        const at = selectedAt(slice, findings)
        const to = at + action.by
        // Past the last finding the arrows go on to what stands below, and back.
        if (to < 0 || to >= findings.length) {
          const top = scrolled(slice.top, action.by, size.height, lines.length)
          return [top === slice.top ? slice : { ...slice, top }]
        }
        return [select(slice, to, facts, size)]
      }
      case "diagnosis/select": {
        const { starts } = content(slice, facts, size.width)
        const at = starts.findLastIndex((start) => start <= action.line)
        if (at < 0 || at >= findings.length) return [slice]
        const isSame = at === selectedAt(slice, findings)
        return [select({ ...slice, isOpen: isSame ? !slice.isOpen : true }, at, facts, size)]
      }
      case "diagnosis/toggle":
        if (findings.length === 0) return [slice, say("there is no finding")]
        return [select({ ...slice, isOpen: !slice.isOpen }, selectedAt(slice, findings), facts, size)]
      case "diagnosis/scroll": {
        const total = content(slice, facts, size.width).lines.length
        const by = action.by * (action.unit === "page" ? size.height : 1)
        const top = scrolled(slice.top, by, size.height, total)
        return [top === slice.top ? slice : { ...slice, top }]
      }
    }
  },
  view(slice, facts, { width, height }) {
    const { lines } = content(slice, facts, width)
    const top = scrolled(slice.top, 0, height, lines.length)
    return lines.slice(top, top + height)
  },
  strip: (_, facts, width) => stripLine(facts, width),
  mouse: ({ top }, _facts, _size, at) =>
    at.kind === "click"
      ? { type: "diagnosis/select", line: at.y + top }
      : { type: "diagnosis/scroll", by: at.kind === "wheel-up" ? -WHEEL_LINES : WHEEL_LINES, unit: "line" },
})
