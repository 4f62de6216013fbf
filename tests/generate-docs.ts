/** Writes the documents that are made from the source: `bun run docs`. tests/screen/commands.test.ts holds them to it. */
import { join } from "node:path"
import { explanationDocument } from "../src/core/app/explanation-document.ts"
import { keyDocument } from "../src/core/app/key-document.ts"
import { systemdUnit } from "../src/core/config/unit.ts"

const root = join(import.meta.dir, "..")

/** Path and content of each generated document. */
export const documents: Readonly<Record<string, () => string>> = {
  "docs/keys.md": keyDocument,
  "docs/columns.md": explanationDocument,
  "docs/holyf-network.service": () => systemdUnit("/usr/local/bin/holyf-network"),
}

if (import.meta.main)
  for (const [path, content] of Object.entries(documents)) await Bun.write(join(root, path), content())
