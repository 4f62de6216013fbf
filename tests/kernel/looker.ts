/**
 * Looks at sockets of every namespace and settles them with the closings, as the collector does, and adds up what each
 * look credits.
 */

import { deriveDirections, findListeners } from "../../src/core/model/direction.ts"
import { createRateTable, deriveBytes } from "../../src/core/model/rates.ts"
import { type ClosedReport, createClosedLedger, settleLook } from "../../src/core/sample/closed.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import type { Sockets } from "../../src/core/sample/sample.ts"
import { addressText, createSocketTable, rowSource, type SocketTable } from "../../src/core/sample/socket-table.ts"
import { ClosingsWatch } from "../../src/shell/kernel/closings.ts"
import { listSocketsOf } from "../../src/shell/kernel/sockets.ts"
import { NamespaceList } from "../../src/shell/namespaces.ts"

export interface SeenRow {
  readonly namespace: string
  readonly source: number
  readonly state: number
  readonly local: string
  readonly localPort: number
  readonly remote: string
  readonly remotePort: number
  readonly isIncoming: boolean
  readonly lifetimeMs: number
  readonly tx: number
  readonly rx: number
  readonly mark: number
}

export class Looker {
  readonly namespaces = new NamespaceList()
  readonly watch: ClosingsWatch
  private readonly ledger = createClosedLedger()
  private readonly tables: [SocketTable, SocketTable] = [createSocketTable(), createSocketTable()]
  private before: { sockets: Sockets; atMs: number } | undefined

  constructor(bufferBytes?: number) {
    this.watch = new ClosingsWatch({
      monotonicMs: () => performance.now(),
      pathOf: (id) => this.namespaces.pathOf(id),
      ...(bufferBytes === undefined ? {} : { bufferBytes }),
    })
  }

  async look(): Promise<{ rows: SeenRow[]; report: ClosedReport; notes: string[]; gaps: number; table: SocketTable }> {
    const slots = this.namespaces.look()
    this.watch.open(slots)
    const closings = this.watch.take()
    const [table] = this.tables
    this.tables.reverse()
    const atMs = performance.now()
    const { namespaces, notes } = await listSocketsOf(table, slots)
    const sockets: Sockets = { table, owners: [], isComplete: true, namespaces }
    const { before } = this
    linkPrevious(table, before?.sockets.table)
    const report = settleLook(this.ledger, {
      table,
      previous: before?.sockets.table,
      events: closings.table,
      isHeard: closings.isHeard,
      isComplete: (index) => slots[index] === undefined || namespaces[index]?.isComplete === true,
      wasComplete: (index) => before?.sockets.namespaces?.[index]?.isComplete === true,
      nowMs: atMs,
      ...(before === undefined ? {} : { previousMs: before.atMs }),
    })
    const rates = createRateTable()
    deriveBytes(
      rates,
      sockets,
      before === undefined ? undefined : { sockets: before.sockets, elapsedMs: atMs - before.atMs },
    )
    deriveDirections(rates.isIncoming, table, findListeners(table))
    this.before = { sockets, atMs }
    const rows = Array.from({ length: table.length }, (_, row) => ({
      namespace: namespaces[table.namespace[row]!]!.name,
      source: table.source[row]!,
      state: table.state[row]!,
      local: addressText(table.localAddress, row),
      localPort: table.localPort[row]!,
      remote: addressText(table.remoteAddress, row),
      remotePort: table.remotePort[row]!,
      isIncoming: rates.isIncoming[row] === 1,
      lifetimeMs: table.lifetimeMs[row]!,
      tx: rates.txBytes[row]!,
      rx: rates.rxBytes[row]!,
      mark: rates.mark[row]!,
    }))
    const texts = [...closings.notes, ...notes].map(({ text }) => text)
    return { rows, report, notes: texts, gaps: closings.gaps, table }
  }

  close(): void {
    this.watch.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** What the looks credited to the two sides of one service, by its port. */
export function tally(port: number) {
  const sums = { served: { tx: 0, rx: 0 }, asked: { tx: 0, rx: 0 }, closedRows: 0 }
  return {
    sums,
    add(rows: readonly SeenRow[], namespace: string) {
      for (const row of rows) {
        if (row.namespace !== namespace || Number.isNaN(row.tx)) continue
        const side = row.localPort === port ? sums.served : row.remotePort === port ? sums.asked : undefined
        if (side === undefined) continue
        side.tx += row.tx
        side.rx += row.rx
        if (row.source === rowSource.closed) sums.closedRows++
      }
    },
  }
}
