/** A throw-away folder tree, removed when the block that holds it ends. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** Files by their path; a path that ends in `/` is a folder. */
export function folder(files: Readonly<Record<string, string>> = {}) {
  const path = mkdtempSync(join(tmpdir(), "holyf-test-"))
  const write = (name: string, text: string) => {
    const at = join(path, name)
    mkdirSync(name.endsWith("/") ? at : dirname(at), { recursive: true })
    if (!name.endsWith("/")) writeFileSync(at, text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  return { path, write, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A copy of a captured /proc, to take things away from. */
export function procFolder(kernel = "linux-6.18") {
  const copy = folder()
  cpSync(join(import.meta.dir, "../fixtures/proc", kernel), copy.path, { recursive: true })
  return copy
}
