/** docs/columns.md, made from the sentences that the dashboard explains itself with. */
import { explainedPanels } from "./explanation.ts"

const HEAD = `# What stands on the screen

Made from the explanations of the dashboard by \`bun run docs\`; do not edit. \`i\` in the dashboard shows those of the panel
you are in, \`I\` those of the interface.
`

/** The whole file. */
export function explanationDocument(): string {
  const chapters = explainedPanels().map(({ id, name, explanations = [] }) => {
    const entries = explanations.map(({ words, text }) => `**${words.join(", ")}**: ${text}\n`)
    return [`## ${name ?? id}\n`, ...entries].join("\n")
  })
  return [HEAD, ...chapters].join("\n")
}
