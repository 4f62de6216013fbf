/** Releases of this program: which of two is newer, and what the list of them answers. */
import * as v from "valibot"

/** GitHub's answer to a question for the latest release; what else it holds is not looked at. */
const answer = v.object({ tag_name: v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(64)) })

/** The name of the latest release; undefined when the text is no such answer. */
export function parseRelease(text: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const read = v.safeParse(answer, value)
  return read.success ? read.output.tag_name : undefined
}

interface Version {
  readonly numbers: readonly number[]
  /** Behind a dash: it comes before the release of the same numbers. */
  readonly isEarly: boolean
}

function parseVersion(text: string): Version | undefined {
  const [, numbers, early] = /^v?(\d{1,9}(?:\.\d{1,9}){0,3})(-[\w.]+)?(?:\+[\w.]+)?$/.exec(text) ?? []
  return numbers === undefined ? undefined : { numbers: numbers.split(".").map(Number), isEarly: early !== undefined }
}

/** True when `tag` is a later version than `running`. What is no version, as a build from the sources, is never older. */
export function isNewer(tag: string, running: string): boolean {
  const [theirs, ours] = [parseVersion(tag), parseVersion(running)]
  if (theirs === undefined || ours === undefined || ours.isEarly) return false
  for (let i = 0; i < Math.max(theirs.numbers.length, ours.numbers.length); i++) {
    const difference = (theirs.numbers[i] ?? 0) - (ours.numbers[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
