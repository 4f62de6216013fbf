/** `holyf-network connections`: the dashboard's connections as a table or as JSON. */
import { isatty } from "node:tty"
import { connectionsJson } from "../../core/export/connections-json.ts"
import { connectionsTable, coverageText } from "../../core/export/connections-table.ts"
import { failedSources, noteText } from "../../core/export/notes.ts"
import { selectRows, sortByBandwidth, type Wanted } from "../../core/model/selection.ts"
import type { ConnectionsRequest } from "../cli.ts"
import { requireNamespaces, switchOnAccounting } from "../netns.ts"
import { chooseLabel, namedInterface } from "./label.ts"
import { complain, print } from "./output.ts"
import { takeTwoLooks } from "./two-looks.ts"

// linux/in.h
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17

const protocols = { tcp: [IPPROTO_TCP], udp: [IPPROTO_UDP], all: [IPPROTO_TCP, IPPROTO_UDP] } as const

/** Throws a `Failure` when there is nothing to print. */
export async function printConnections(asked: ConnectionsRequest): Promise<void> {
  const label = await chooseLabel(asked.interface)
  const namespaces = requireNamespaces(asked.netns)
  switchOnAccounting(asked.enableAcct)
  const { second, model, connections, capturedAt } = await takeTwoLooks({
    sampleSeconds: asked.sample,
    namespaces,
    ...namedInterface(label),
  })
  const rows = selectRows(connections, wantedOf(asked), process.pid)
  sortByBandwidth(connections, rows)
  const notes = [...label.notes, ...model.notes].map(noteText)

  if (asked.json) {
    const { elapsedMs } = connections
    await print(
      connectionsJson({
        capturedAt,
        ...(label.name === undefined ? {} : { interfaceName: label.name }),
        ...(elapsedMs === undefined ? {} : { elapsedMs }),
        connections,
        rows,
        ...(model.coverage.ok ? { coverage: model.coverage.value } : {}),
        notes: [...notes, ...failedSources(second)],
      }),
    )
    return
  }
  const width = isatty(1) ? process.stdout.columns || 80 : undefined
  await print(connectionsTable(connections, rows, width))
  if (rows.length === 0) await complain("no connection matches")
  if (model.coverage.ok) await complain(coverageText(model.coverage.value))
  for (const note of notes) await complain(`note: ${note}`)
}

const wantedOf = (asked: ConnectionsRequest): Wanted => ({
  ...(asked.in ? { side: "in" } : asked.out ? { side: "out" } : {}),
  ...(asked.port === undefined ? {} : { servicePort: asked.port }),
  ...(asked.peerRange === undefined ? {} : { peer: asked.peerRange }),
  ...(asked.process === undefined ? {} : { process: asked.process }),
  protocols: protocols[asked.proto],
})
