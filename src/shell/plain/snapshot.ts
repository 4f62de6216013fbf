/** `holyf-network snapshot`: what goes on now, as one line of the format that the daemon writes and replay reads. */
import { noteText } from "../../core/export/notes.ts"
import { snapshotHealth } from "../../core/snapshot/health.ts"
import { writeSnapshotLine } from "../../core/snapshot/line.ts"
import type { SnapshotRequest } from "../cli.ts"
import { requireNamespaces, switchOnAccounting } from "../netns.ts"
import { version } from "../version.ts"
import { chooseLabel, namedInterface } from "./label.ts"
import { complain, print } from "./output.ts"
import { takeTwoLooks } from "./two-looks.ts"

/** Throws a `Failure` when there is nothing to print. */
export async function printSnapshot(asked: SnapshotRequest): Promise<void> {
  const label = await chooseLabel(asked.interface)
  const namespaces = requireNamespaces(asked.netns)
  switchOnAccounting(asked.enableAcct)
  const looks = await takeTwoLooks({ sampleSeconds: asked.sample, namespaces, ...namedInterface(label) })
  const line = writeSnapshotLine(looks.connections, {
    capturedAt: looks.capturedAt,
    interfaceName: label.name ?? "",
    topLimitPerSide: asked.topLimit,
    version,
    ownPid: process.pid,
    usage: looks.model.own.ok ? looks.model.own.value : {},
    more: {
      epochMs: Math.round(looks.model.at),
      health: snapshotHealth(looks.model, { sample: looks.second, previous: looks.first }),
    },
  })
  await print([line])
  for (const note of [...label.notes, ...looks.model.notes]) await complain(`note: ${noteText(note)}`)
}
