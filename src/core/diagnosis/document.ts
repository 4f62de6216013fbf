/** docs/diagnosis.md, made from the rules: what each kind means, from when on it is a finding, what to do. */
import { defaultThresholds } from "../config/thresholds.ts"
import { whyMeaning, whys } from "../model/why.ts"
import type { Explained, Limit, Rule } from "./rule.ts"

/** Kinds that never are findings, and why. They are told all the same where somebody might look for them. */
const neverFindings: readonly (readonly [what: string, why: string])[] = [
  ["`application-limited`", "the program has nothing to send: a verdict of the column WHY (`app`), and no fault"],
  ["TIME_WAIT by itself", "harmless, however many; it counts where its table overflows or the local ports run out"],
  ["a clock that nobody keeps", "without a measured offset there is nothing to be wrong"],
  ["accounting switched off", "a note beside the figures that are missing"],
  ["zero windows and pruned queues", "healthy bulk transfers move these counters; only a socket that is behind counts"],
  ["time squeeze of a CPU", "often harmless; what it drops counts"],
]

const HEAD = `# Diagnosis

Made from the rules by \`bun run docs\`; do not edit.

The Diagnosis panel and \`holyf-network diagnose\` judge these kinds of trouble, several at a time. A level is raised when
the value has been at its limit for two seconds without a break, and clears when it has been at or under the second
number for as long. What was too short for that is told as "recently" for five minutes. What cannot be measured is
listed as not measured, and counts as neither fine nor wrong. A finding that follows from another stands beneath it.

Limits may be changed in the thresholds file, rule by rule; \`holyf-network config check\` says whether the file is right:

\`\`\`toml
[rule.accept-queue-overflow]
warn = 2
crit = 10

[rule.clock-wrong]
enabled = false
\`\`\`
`

/** `labProven`: kinds that the incident lab makes for real. The others are proven by series of numbers. */
export function diagnosisDocument(rules: readonly Rule[], labProven: ReadonlySet<string>): string {
  return [
    HEAD,
    "## All kinds, in order of importance\n",
    ...table([
      ["Kind", "What it is", "Warning", "Critical", "Unit", "Proven by"],
      ...rules.map((rule) => {
        const { warn, crit } = rule.limits(defaultThresholds)
        return [
          `[\`${rule.id}\`](#${rule.id})`,
          rule.title,
          limitText(warn),
          limitText(crit),
          rule.unit,
          proof(rule, labProven),
        ]
      }),
    ]),
    "",
    "Limits are written as *raised from / cleared at*.\n",
    "## Never findings\n",
    ...table([["What", "Why"], ...neverFindings.map((row) => [...row])]),
    "",
    "## Why is this connection slow?\n",
    "The column WHY of wide screens, and the details of the selected row. The first cause that fits is shown.\n",
    ...table([["WHY", "What it means"], ...whys.map((why) => [`\`${why}\``, whyMeaning[why]])]),
    "",
    ...rules.map((rule) => chapter(rule, labProven)),
  ].join("\n")
}

/** Nothing here can measure these: the rule answers so, whatever the evidence. */
const notMeasured = new Set(["cloud-allowance-exceeded"])

const proof = ({ id }: Rule, labProven: ReadonlySet<string>) =>
  notMeasured.has(id) ? "not measured" : labProven.has(id) ? "the lab" : "series"

const limitText = (limit: Limit | undefined) => (limit === undefined ? "–" : `${limit.raise} / ${limit.clear}`)

function chapter(rule: Rule, labProven: ReadonlySet<string>): string {
  const { id, title, meaning, next, explains, clearsWhen, gate, confidence, per } = rule
  const explained = explains.map((entry: Explained) => (typeof entry === "string" ? entry : entry.id))
  return [
    `## ${id}\n`,
    `**${title}.** ${meaning}\n`,
    ...(gate === undefined ? [] : [`- Judged from: ${gate}.`]),
    `- Looked for ${per === "host" ? "on the host as a whole" : "in every network namespace"}; confidence ${confidence}, unless the figures say otherwise.`,
    `- Clears when ${clearsWhen}.`,
    ...(explained.length === 0
      ? []
      : [`- Explains ${explained.map((other) => `[\`${other}\`](#${other})`).join(", ")}.`]),
    `- Proven by ${proof(rule, labProven) === "series" ? "series of numbers" : proof(rule, labProven) === "the lab" ? "the incident lab" : "nothing yet: not measured"}.`,
    "",
    "What to do:\n",
    ...next.map((text, i) => `${i + 1}. ${text.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}`),
    "",
  ].join("\n")
}

/** A Markdown table with its columns aligned in the source too. */
function table(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = rows
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.replaceAll("|", "\\|").padEnd(widths[i]!)).join(" | ")} |`
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)]
}
