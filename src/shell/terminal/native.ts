/**
 * Loads the renderer, also where the temporary folder is noexec, read-only, full or missing.
 *
 * The runtime writes the renderer's library into the temporary folder and loads it from there. Hardened servers refuse
 * that, so the second try is a copy in memory.
 */
import { readFileSync } from "node:fs"
import { copyToMemory } from "../../../ffi/memfd.ts"

export type Renderer = typeof import("@opentui/core")

/** The renderer with its library loaded. Throws the first refusal when both ways fail. */
export async function loadRenderer(): Promise<Renderer> {
  const renderer = await import("@opentui/core")
  try {
    renderer.resolveRenderLib()
  } catch (refusal) {
    try {
      // The build makes this name mean the package of the platform it builds for; see build.ts.
      const { default: library } = await import("@opentui/core-linux-x64")
      renderer.setRenderLibPath(copyToMemory("libopentui", readFileSync(library)))
      renderer.resolveRenderLib()
    } catch {
      throw refusal
    }
  }
  return renderer
}
