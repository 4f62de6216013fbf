/** Looks at the host as the dashboard does, and adds up what each look credits. */
import { defaultThresholds } from "../../../src/core/config/thresholds.ts"
import { type Connection, connectionAt, isConnection } from "../../../src/core/model/connections.ts"
import type { Coverage } from "../../../src/core/model/coverage.ts"
import { deriveModel, type Model } from "../../../src/core/model/model.ts"
import type { Sample } from "../../../src/core/sample/sample.ts"
import { Collector } from "../../../src/shell/collect.ts"

export interface Bytes {
  tx: number
  rx: number
  rows: number
}

export class Watcher {
  private readonly collector: Collector
  private shown: Sample | undefined
  readonly coverage: Coverage[] = []
  readonly notes = new Set<string>()

  constructor(interfaceName: string) {
    this.collector = new Collector({ interfaceName, now: Date.now, monotonicMs: () => performance.now() })
  }

  /** One look; `visit` gets every connection of it. */
  async look(visit: (connection: Connection) => void = () => {}): Promise<Model> {
    const previous = this.shown
    const { sample, rates } = await this.collector.look(previous)
    this.shown = sample
    const model = deriveModel({ sample, ...(previous && { previous }), into: rates, thresholds: defaultThresholds })
    if (!model.connections.ok) throw new Error(model.connections.reason)
    const connections = model.connections.value
    for (let row = 0; row < connections.table.length; row++)
      if (isConnection(connections, row, process.pid)) visit(connectionAt(connections, row))
    if (model.coverage.ok) this.coverage.push(model.coverage.value)
    for (const { text } of model.notes) this.notes.add(text)
    return model
  }

  /** The device's own counters as the last look saw them. */
  get carried(): { readonly rx: number; readonly tx: number } {
    const counters = this.shown?.interface
    if (counters?.ok !== true) throw new Error("the interface could not be read")
    return { rx: counters.value.rxBytes, tx: counters.value.txBytes }
  }

  /** Looks every second until `act` is over, and three times more. */
  async watch<T>(act: Promise<T>, visit: (connection: Connection, look: number) => void): Promise<T> {
    const state = { isOver: false }
    const result = act.finally(() => {
      state.isOver = true
    })
    let look = 0
    const once = () => this.look((connection) => visit(connection, look))
    for (; !state.isOver; look++) {
      await once()
      await Promise.race([Bun.sleep(500), result])
    }
    for (let more = 0; more < 3; more++, look++) await once()
    return result
  }

  close(): void {
    this.collector.close()
  }
}

/** Sums by a name for each row; what has no name is left out. */
export function ledger(nameOf: (connection: Connection) => string | undefined) {
  const sums = new Map<string, Bytes>()
  return {
    of: (name: string): Bytes => sums.get(name) ?? { tx: 0, rx: 0, rows: 0 },
    names: () => [...sums.keys()].sort(),
    add(connection: Connection): void {
      const name = nameOf(connection)
      if (name === undefined) return
      const sum = sums.get(name) ?? { tx: 0, rx: 0, rows: 0 }
      sum.tx += connection.txBytes ?? 0
      sum.rx += connection.rxBytes ?? 0
      sum.rows++
      sums.set(name, sum)
    },
  }
}
