/** The interface that a plain command names in its output. */
import type { Note } from "../../core/sample/sample.ts"
import { resolveInterface } from "../interfaces.ts"
import { requireInterface } from "../required-interface.ts"

export interface Label {
  readonly name?: string
  readonly notes: readonly Note[]
}

/** The label as the collector is told of it. */
export const namedInterface = ({ name }: Label) => (name === undefined ? {} : { interfaceName: name })

/**
 * One that was asked for must exist (throws a `Failure`). Not finding one by ourselves is no reason to print nothing:
 * then there is no name and a note says why.
 */
export async function chooseLabel(asked: string | undefined): Promise<Label> {
  if (asked !== undefined) return { name: await requireInterface(asked), notes: [] }
  const found = await resolveInterface(undefined)
  return found.ok ? { name: found.value, notes: [] } : { notes: [{ source: "interface", text: found.reason }] }
}
