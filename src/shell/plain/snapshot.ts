/** `holyf-network snapshot`: what goes on now, as one line of the format that the daemon writes and replay reads. */
import { noteText } from "../../core/export/notes.ts"
import { writeSnapshotLine } from "../../core/snapshot/line.ts"
import type { SnapshotRequest } from "../cli.ts"
import { version } from "../version.ts"
import { chooseLabel } from "./label.ts"
import { complain, print } from "./output.ts"
import { type TwoLooks, takeTwoLooks } from "./two-looks.ts"

/** Throws a `Failure` when there is nothing to print. */
export async function printSnapshot(asked: SnapshotRequest): Promise<void> {
  const label = await chooseLabel(asked.interface)
  const looks = await takeTwoLooks(asked.sample)
  const line = writeSnapshotLine(looks.connections, {
    capturedAt: looks.capturedAt,
    interfaceName: label.name ?? "",
    topLimitPerSide: asked.topLimit,
    version,
    ownPid: process.pid,
    usage: ownUsage(looks),
  })
  await print([line])
  for (const note of [...label.notes, ...looks.model.notes]) await complain(`note: ${noteText(note)}`)
}

function ownUsage({ first, second, connections: { elapsedMs } }: TwoLooks): { cpuCores?: number; rssBytes?: number } {
  if (!second.own.ok) return {}
  const { cpuUs, rssBytes } = second.own.value
  if (!first.own.ok || elapsedMs === undefined) return { rssBytes }
  return { rssBytes, cpuCores: (cpuUs - first.own.value.cpuUs) / (elapsedMs * 1000) }
}
