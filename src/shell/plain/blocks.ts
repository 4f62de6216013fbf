/** `holyf-network blocks`: who is blocked, and how much longer. */
import { blockJson } from "../../core/export/mitigation-json.ts"
import type { Block } from "../../core/mitigation/block.ts"
import { capabilityLabel } from "../../core/mitigation/capability.ts"
import { targetText } from "../../core/mitigation/target.ts"
import { json } from "../../core/text/json.ts"
import { duration } from "../../core/text/units.ts"
import type { BlocksAsk } from "../cli.ts"
import { isExpected, seeBlocks, tidyBlocks } from "../mitigation.ts"
import { complain, print } from "./output.ts"
import { chooseMeans, orFail } from "./place.ts"

export async function printBlocks(asked: BlocksAsk): Promise<void> {
  const means = await chooseMeans(asked.netns)
  const { blocks, notes } = await orFail(() => seeBlocks(means))
  // The kernel has lifted the last one; the empty table is ours to take away, as soon as somebody comes by who may.
  if (blocks.length === 0)
    await tidyBlocks(means).catch((error: unknown) => {
      if (!isExpected(error)) throw error
    })
  const now = Date.now()
  if (asked.json) {
    const api = capabilityLabel(means.capabilities).text
    await print([`${json({ blocks: blocks.map((block) => blockJson(block, now)), api, notes })}\n`])
    return
  }
  if (blocks.length === 0) await print(["no block is active\n"])
  else await print(table(blocks, now).map((line) => `${line}\n`))
  for (const note of notes) await complain(`note: ${note}`)
}

function table(blocks: readonly Block[], now: number): readonly string[] {
  const rows = [
    ["PEER", "LEFT", "BY", "ID", "MODE"],
    ...blocks.map((block) => [
      targetText(block.target),
      duration(block.expiresAt - now),
      block.by,
      block.id,
      block.backend,
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  )
}
