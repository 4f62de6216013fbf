/** Writes the documents that are made from the source: `bun run docs`. tests/screen/commands.test.ts holds them to it. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { explanationDocument } from "../src/core/app/explanation-document.ts"
import { keyDocument } from "../src/core/app/key-document.ts"
import { systemdUnit } from "../src/core/config/unit.ts"
import { diagnosisDocument } from "../src/core/diagnosis/document.ts"
import { rules } from "../src/core/diagnosis/rules/index.ts"

const root = join(import.meta.dir, "..")

/** Path and content of each generated document. */
export const documents: Readonly<Record<string, () => string>> = {
  "docs/keys.md": keyDocument,
  "docs/columns.md": explanationDocument,
  "docs/holyf-network.service": () => systemdUnit("/usr/local/bin/holyf-network"),
  "docs/diagnosis.md": () => diagnosisDocument(rules, labProven()),
}

/** The kinds that a scenario of the incident lab makes for real: `id: "…"` in what it expects. */
function labProven(): ReadonlySet<string> {
  const folder = join(root, "tests/lab/incidents")
  if (!existsSync(folder)) return new Set()
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
  const expected = new Set(texts.flatMap((text) => [...text.matchAll(/\bid: "([a-z-]+)"/g)].map(([, id]) => id!)))
  return new Set(rules.map(({ id }) => id).filter((id) => expected.has(id)))
}

if (import.meta.main)
  for (const [path, content] of Object.entries(documents)) await Bun.write(join(root, path), content())
