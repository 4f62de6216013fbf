/**
 * Loads the renderer's library, also where the temporary folder is noexec, read-only, full or missing.
 *
 * The runtime writes the library into the temporary folder and loads it from there. Hardened servers refuse that, so
 * the second try is a copy in memory.
 */
import { readFileSync } from "node:fs"
// By name: of a module that is imported as a whole every part is built in, and stays in memory.
import { resolveRenderLib, setRenderLibPath } from "@opentui/core"
import { copyToMemory } from "../../../ffi/memfd.ts"

/** Must have run before a renderer is made. Throws the first refusal when both ways fail. */
export async function loadRenderLibrary(): Promise<void> {
  try {
    resolveRenderLib()
  } catch (refusal) {
    try {
      // The build makes this name mean the package of the platform it builds for; see build.ts.
      const { default: library } = await import("@opentui/core-linux-x64")
      setRenderLibPath(copyToMemory("libopentui", readFileSync(library)))
      resolveRenderLib()
    } catch {
      throw refusal
    }
  }
}
