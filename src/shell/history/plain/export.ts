/** `replay --export`: every row of the window for another program. */
import { csvHead, csvRows } from "../../../core/history/export.ts"
import { keyAt } from "../../../core/history/history-index.ts"
import { maskLine } from "../../../core/history/mask-line.ts"
import { windowText } from "../../../core/history/window.ts"
import type { SnapshotLine } from "../../../core/snapshot/schema.ts"
import { json } from "../../../core/text/json.ts"
import type { ReplayRequest } from "../../cli.ts"
import { hostZone } from "../../daemon/caller.ts"
import { complain, print } from "../../plain/output.ts"
import { choosePlace, chooseWindow } from "../choose.ts"
import { History } from "../history.ts"

type ExportRequest = Extract<ReplayRequest, { kind: "replay-export" }>

/** Throws a `Failure` when there is nothing to look into. */
export async function printRows(asked: ExportRequest): Promise<void> {
  const { place, notes } = await choosePlace(asked)
  const history = new History(place, chooseWindow(asked, place, Date.now()), { zone: hostZone, now: Date.now })
  try {
    while (history.indexMore(1_000));
    const isCsv = asked.format === "csv"
    if (isCsv) await print([csvHead()])
    let count = 0
    for (const line of snapshots(history)) {
      const shown = asked.sensitiveIp ? maskLine(line) : line
      await print(isCsv ? csvRows(shown) : [count === 0 ? "[\n" : ",\n", json(shown)])
      count++
    }
    if (!isCsv) await print([count === 0 ? "[]\n" : "\n]\n"])
    const { corrupt, problems } = history.view()
    await complain(
      `${count} snapshots (${windowText(history.window, hostZone)})${corrupt > 0 ? `, Corrupt: ${corrupt}` : ""}`,
    )
    for (const note of [...notes, ...problems]) await complain(`note: ${note}`)
  } finally {
    history.close()
  }
}

/** One at a time: a day does not fit into memory. */
function* snapshots(history: History): Generator<SnapshotLine> {
  const { index } = history.view()
  for (let position = 0; position < index.length; position++) {
    const line = history.read(keyAt(index, position), index.lines.bytes[position]!)
    if (line !== undefined) yield line
  }
}
