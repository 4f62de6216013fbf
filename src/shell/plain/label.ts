/** The interface that a plain command names in its output. */
import type { Note } from "../../core/sample/sample.ts"
import { resolveInterface } from "../interfaces.ts"
import { requireInterface } from "../required-interface.ts"

/**
 * One that was asked for must exist (throws a `Failure`). Not finding one by ourselves is no reason to print nothing:
 * then there is no name and a note says why.
 */
export async function chooseLabel(
  asked: string | undefined,
): Promise<{ readonly name?: string; readonly notes: readonly Note[] }> {
  if (asked !== undefined) return { name: await requireInterface(asked), notes: [] }
  const found = await resolveInterface(undefined)
  return found.ok ? { name: found.value, notes: [] } : { notes: [{ source: "interface", text: found.reason }] }
}
