/**
 * Which release is the latest: one request, only when the operator asks. It says nothing of this host but its address.
 */
import { parseRelease } from "../core/config/release.ts"

const LATEST = "https://api.github.com/repos/BlackMetalz/holyf-network/releases/latest"
const DEADLINE_MS = 5_000
const ANSWER_MAX = 256 * 1024

/** The tag of the latest release. Throws one line that says what went wrong. */
export async function latestRelease(url = LATEST, deadlineMs = DEADLINE_MS): Promise<string> {
  const fail = (reason: string) => new Error(`cannot ask for the latest release: ${reason}`)
  let text: string
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json", "user-agent": "holyf-network" },
      redirect: "error",
      signal: AbortSignal.timeout(deadlineMs),
    })
    if (response.status !== 200) throw new Error(`${new URL(url).host} answered ${response.status}`)
    text = await firstText(response)
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") throw fail(`no answer within ${deadlineMs / 1000} s`)
    throw fail(error instanceof Error ? error.message : String(error))
  }
  const tag = parseRelease(text)
  if (tag === undefined) throw fail("the answer names no release")
  return tag
}

/** The body, as long as it is not larger than an answer may be. */
async function firstText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  let length = 0
  for await (const piece of response.body ?? []) {
    length += piece.length
    if (length > ANSWER_MAX) throw new Error(`the answer is longer than ${ANSWER_MAX / 1024} KB`)
    text += decoder.decode(piece, { stream: true })
  }
  return text + decoder.decode()
}
