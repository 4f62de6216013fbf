/** `holyf-network block` and `holyf-network kill`: the same steps, with and without a block. */
import { isatty } from "node:tty"
import { blockJson, killJson, refusalJson, socketJson, targetJson } from "../../core/export/mitigation-json.ts"
import type { Block } from "../../core/mitigation/block.ts"
import { guardTarget, refusalText, standing } from "../../core/mitigation/guards.ts"
import { type KillSummary, killText } from "../../core/mitigation/kill.ts"
import { confirmationText, planLines } from "../../core/mitigation/plan.ts"
import { isSameTarget, targetText } from "../../core/mitigation/target.ts"
import { json } from "../../core/text/json.ts"
import type { BlockAsk, KillAsk } from "../cli.ts"
import { exitCodes, Failure, worldFailure } from "../failure.ts"
import { currentActor, logAction } from "../files/action-log.ts"
import { readLifelines } from "../lifelines.ts"
import { countFlows, findMatches, killPeer, placeBlock, seeBlocks } from "../mitigation.ts"
import { complain, print } from "./output.ts"
import { askedBy, chooseMeans, newBlockId, orFail } from "./place.ts"

const MINUTE_MS = 60_000

/** Answers the exit code: done, or partly when connections survived. Throws a `Failure` when it is refused. */
export async function mitigate(asked: BlockAsk | KillAsk): Promise<number> {
  const { target } = asked
  const minutes = asked.kind === "block" ? asked.minutes : 0
  const means = await chooseMeans(asked.netns)
  const { namespace, capabilities } = means
  const what = `${minutes === 0 ? "kill" : "block"} ${targetText(target)}`
  const where = asked.netns === undefined ? what : `${what} in ${asked.netns}`
  const log = (result: string) => logAction({ what: where, result, at: Date.now(), actor: currentActor() })

  const lifelines = await readLifelines(namespace === undefined ? {} : { namespace })
  const refusals = guardTarget(target, lifelines)
  const standingRefusals = standing(refusals, asked)
  const matches = await orFail(() => findMatches(target, means))
  const confirmation = confirmationText(target, matches)
  const isConfirmed = confirmation === undefined || asked.yes || asked.force

  if (asked.dryRun) {
    const blocks =
      minutes === 0
        ? []
        : await seeBlocks(means).then(
            (seen) => seen.blocks,
            () => [],
          )
    const flows = await countFlows(target, means)
    const existing = blocks.find((block) => isSameTarget(block.target, target))
    if (asked.json) {
      await print([
        `${json({
          action: asked.kind,
          dry_run: true,
          ...targetJson(target),
          minutes,
          matched: matches.incoming.length,
          matches: matches.incoming.map(socketJson),
          matched_flows: flows ?? null,
          untouched: matches.outgoing.length,
          refused: standingRefusals.map(refusalJson),
          existing_block: existing === undefined ? null : blockJson(existing, Date.now()),
        })}\n`,
      ])
    } else {
      const backend = capabilities.firewall.backend
      const plan = {
        target,
        minutes,
        matches,
        ...(flows !== undefined && { flows }),
        refusals: standingRefusals,
        backend,
        ...(existing && { existing }),
      }
      await print(planLines(plan).map((line) => `${line}\n`))
    }
    return standingRefusals.length > 0 ? exitCodes.world : exitCodes.ok
  }

  for (const note of lifelines.notes) await complain(`note: ${note}`)
  if (standingRefusals.length > 0) {
    const reason = refusalText(standingRefusals)
    log(reason)
    throw worldFailure(`cannot ${what}: ${reason}`)
  }
  if (!isConfirmed && !(await confirm(`${confirmation}. ${what}?`))) {
    log("not confirmed")
    throw worldFailure(`cannot ${what}: ${confirmation}. --yes says that it is meant`)
  }

  let placed: { readonly block: Block; readonly replaced?: Block } | undefined
  let summary: KillSummary
  try {
    if (minutes > 0) {
      const request = {
        id: newBlockId(),
        target,
        startedAt: Date.now(),
        durationMs: minutes * MINUTE_MS,
        by: askedBy(),
      }
      placed = await orFail(() => placeBlock(request, means))
    }
    summary = await orFail(() => killPeer(target, means))
  } catch (error) {
    if (error instanceof Failure) {
      log(`${placed === undefined ? "" : `blocked (${placed.block.id}), then `}failed: ${error.message}`)
      if (placed !== undefined)
        await complain(`blocked ${targetText(target)} (${placed.block.id}); its connections were not ended`)
    }
    throw error
  }
  const isRefused = summary.refusals.length > 0 && summary.destroyed === 0
  const isPartly = summary.survivors > 0
  const blockText = placed === undefined ? "" : `${blockedText(placed, minutes)}; `
  const unlogged = log(`${blockText}${killText(summary)}`)

  if (asked.json)
    await print([
      `${json({
        action: asked.kind,
        dry_run: false,
        ...targetJson(target),
        block: placed === undefined ? null : blockJson(placed.block, Date.now()),
        replaced_block: placed?.replaced?.id ?? null,
        kill: killJson(summary),
      })}\n`,
    ])
  else {
    const lines = [
      ...(placed === undefined ? [] : [`blocked ${targetText(target)}: ${blockedText(placed, minutes)}`]),
      killText(summary),
    ]
    await print(lines.map((line) => `${line}\n`))
  }
  if (placed?.block.backend === "iptables")
    await complain("note: blocked by iptables, the weaker mode: a guardian process lifts it, not the kernel")
  if (minutes === 0 && summary.matched === 0 && "deleted" in summary.flows && summary.flows.deleted > 0)
    await complain(
      "note: these connections are passed on to another place, and may go on with new flows: kill them there " +
        "(--netns), or block the port",
    )
  if (unlogged !== undefined) await complain(`note: ${unlogged}`)
  if (isRefused) return placed === undefined ? exitCodes.world : exitCodes.partly
  return isPartly ? exitCodes.partly : exitCodes.ok
}

const clock = (at: number) => new Date(at).toTimeString().slice(0, 8)

function blockedText(
  { block, replaced }: { readonly block: Block; readonly replaced?: Block },
  minutes: number,
): string {
  const until = `${minutes} min, until ${clock(block.expiresAt)} (${block.id})`
  return replaced === undefined ? until : `${until}, in place of ${replaced.id}`
}

/** Asks on a terminal; elsewhere nobody is there to say yes. */
async function confirm(question: string): Promise<boolean> {
  if (!isatty(0) || !isatty(2)) return false
  process.stderr.write(`${question} Type yes: `)
  for await (const line of console) return line.trim() === "yes"
  return false
}
