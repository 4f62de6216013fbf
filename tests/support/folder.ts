/** A folder of the test's own, gone when the test ends: `using folder = temporaryFolder()`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "holyf-test-"))
  return {
    path,
    /** Writes a file, with the folders it stands in, and answers its path. */
    write(name: string, content: string): string {
      const file = join(path, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      return file
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
