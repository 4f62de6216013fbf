/**
 * Loads the renderer, also where the temporary folder is noexec, read-only, full or missing.
 *
 * The runtime writes the renderer's library into the temporary folder and loads it from there. Hardened servers refuse
 * that, so the second try is a copy in memory.
 */
import { readFileSync } from "node:fs"
import { createCliRenderer, resolveRenderLib, setRenderLibPath } from "@opentui/core"
import { copyToMemory } from "../../../ffi/memfd.ts"

/** The renderer with its library loaded. Throws the first refusal when both ways fail. */
export async function loadRenderer(): Promise<{ createCliRenderer: typeof createCliRenderer }> {
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
  return { createCliRenderer }
}

/** Starts the renderer and gives the terminal back at once. Throws when it cannot be loaded. */
export async function checkRenderer(): Promise<void> {
  const { createCliRenderer } = await loadRenderer()
  const renderer = await createCliRenderer({ exitSignals: [], consoleMode: "disabled" })
  renderer.destroy()
  await renderer.closed
}
