/** `holyf-network unblock`: lift blocks before their time. */
import { blockJson } from "../../core/export/mitigation-json.ts"
import { targetText } from "../../core/mitigation/target.ts"
import { json } from "../../core/text/json.ts"
import type { UnblockAsk } from "../cli.ts"
import { exitCodes, Failure } from "../failure.ts"
import { currentActor, logAction } from "../files/action-log.ts"
import { liftAllBlocks, liftBlock } from "../mitigation.ts"
import { complain, print } from "./output.ts"
import { chooseMeans, orFail } from "./place.ts"

/** Answers the exit code; nothing to lift is done too. Throws a `Failure` when the kernel refuses. */
export async function unblock(asked: UnblockAsk): Promise<number> {
  const { target } = asked
  const means = await chooseMeans(asked.netns)
  const what = target === undefined ? "lift all blocks" : `unblock ${targetText(target)}`
  const log = (result: string) => logAction({ what, result, at: Date.now(), actor: currentActor() })
  try {
    const lifted = await orFail(() => (target === undefined ? liftAllBlocks(means) : liftBlock(target, means)))
    const unlogged = log(lifted.length === 0 ? "nothing to lift" : `lifted ${lifted.map(({ id }) => id).join(", ")}`)
    if (asked.json) await print([`${json({ lifted: lifted.map((block) => blockJson(block, Date.now())) })}\n`])
    else if (lifted.length === 0)
      await print([target === undefined ? "no block is active\n" : `no block of ${targetText(target)} is active\n`])
    else await print(lifted.map(({ id, target: blocked }) => `lifted ${targetText(blocked)} (${id})\n`))
    if (unlogged !== undefined) await complain(`note: ${unlogged}`)
    return exitCodes.ok
  } catch (error) {
    if (error instanceof Failure) log(`failed: ${error.message}`)
    throw error
  }
}
