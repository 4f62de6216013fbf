/** docs/keys.md, made from the same command lists as the help. */
import { defaultThresholds } from "../config/thresholds.ts"
import { existing } from "./command.ts"
import { appCommandsIn, commandsOf, type GuideSection, sections } from "./guide.ts"
import { everyPanel, type SomePanel, sliceOf } from "./registry.ts"
import { initialState } from "./state.ts"

const HEAD = `# Keys

Made from the command lists by \`bun run docs\`; do not edit. \`?\` in the dashboard shows the ones that work where you are.

A key of a panel works while that panel has the focus (its frame is coloured); Tab moves the focus. Every mouse action
has a key: the wheel scrolls, a click selects a row or focuses a panel, a click on a column title sorts by that column.
While something is typed, Enter applies it and Esc leaves it as it was. Ctrl+Z gives the terminal back to the shell, whose
\`fg\` brings the dashboard back.
`

const REPLAY_HEAD = `# Keys of a replay

The panels and their keys are those of the dashboard; keys that act on the host answer that a replay is read-only. These
are added. \`[\` and \`]\` go from snapshot to snapshot and not from page to page.
`

/** The whole file. */
export function keyDocument(): string {
  const state = initialState(
    "live",
    { interfaceName: "", refreshMs: 1, version: "", ownPid: 0, thresholds: defaultThresholds },
    { isMasked: false, at: 0 },
  )
  const name = (panel: SomePanel) => {
    const where = panel.place.region === "overlay" ? " (while it is open)" : ""
    return `${panel.name ?? panel.title(sliceOf(state, panel), state)}${where}`
  }
  const chapters = existing(everyPanel, "live").map((panel) =>
    chapter(name(panel), sections(commandsOf(panel, "live"))),
  )
  const replayOnly = everyPanel.filter(({ only }) => only === "replay")
  return [
    HEAD,
    chapter("Everywhere", sections(appCommandsIn("live"))),
    ...chapters,
    REPLAY_HEAD,
    chapter("Everywhere in a replay", sections(appCommandsIn("replay").filter(({ only }) => only === "replay"))),
    ...replayOnly.map((panel) => chapter(name(panel), sections(commandsOf(panel, "replay")))),
  ].join("\n")
}

function chapter(title: string, groups: readonly GuideSection[]): string {
  const rows = groups.flatMap(({ title, entries }) => entries.map(({ keys, title: does }) => [keys, does, title]))
  return [`## ${title}\n`, ...table([["Key", "What it does", "Group"], ...rows]), ""].join("\n")
}

/** A Markdown table with its columns aligned in the source too. */
function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell, i) => (i === 0 && row !== rows[0] ? keyCell(cell) : cell)))
  const widths = [0, 1, 2].map((i) => Math.max(...cells.map((row) => row[i]!.length)))
  const [head, ...body] = cells.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`)
  return [head!, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body]
}

const keyCell = (keys: string) =>
  keys
    .split(" ")
    .map((key) => `\`${key}\``)
    .join(" ")
