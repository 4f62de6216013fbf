/** The compiled program for a user who may read nothing of ours: a copy where everybody may look. */
import { chmodSync, copyFileSync } from "node:fs"
import { join } from "node:path"
import { builtBinary } from "./binary.ts"
import { temporaryFolder } from "./folder.ts"

const NOBODY = "65534"
export const asNobody = (command: readonly string[]): string[] => [
  "setpriv",
  "--reuid",
  NOBODY,
  "--regid",
  NOBODY,
  "--clear-groups",
  "--no-new-privs",
  ...command,
]

export function binaryForEverybody() {
  const folder = temporaryFolder()
  const path = join(folder.path, "holyf-network")
  copyFileSync(builtBinary(), path)
  chmodSync(folder.path, 0o755)
  chmodSync(path, 0o755)
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}
