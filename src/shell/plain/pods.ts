/** `holyf-network pods`: which process, container and pod listens on a port or uses it. */
import { podsJson } from "../../core/export/pods-json.ts"
import { summaryText, userText } from "../../core/pods/text.ts"
import { json } from "../../core/text/json.ts"
import type { PodsAsk } from "../cli.ts"
import { exitCodes } from "../failure.ts"
import { lookUpPort } from "../pods/lookup.ts"
import { complain, print } from "./output.ts"

/** Answers the exit code: `nobody` when the port has no user that may be seen. */
export async function printPods(asked: PodsAsk): Promise<number> {
  const found = await lookUpPort(asked.port)
  const code = found.users.length === 0 ? exitCodes.nobody : exitCodes.ok
  if (asked.json) {
    await print([`${json(podsJson(found))}\n`])
    return code
  }
  await print([`${summaryText(found)}\n`, ...found.users.map(userText).flatMap(paragraph)])
  for (const note of found.notes) await complain(`note: ${note}`)
  return code
}

const LABEL = 13

const paragraph = ({ title, entries }: ReturnType<typeof userText>): readonly string[] => [
  `\n${title}\n`,
  ...entries.map(({ label, value }) => `  ${label.padEnd(LABEL)}${value}\n`),
]
