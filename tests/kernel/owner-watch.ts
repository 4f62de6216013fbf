/** Looks at the sockets of this network namespace and their owners, again and again. */
import { findListeners } from "../../src/core/model/direction.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import type { Owner } from "../../src/core/sample/owners.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"
import { OwnerSearch } from "../../src/shell/processes.ts"

export function watch() {
  const search = new OwnerSearch()
  const tables = [createSocketTable(), createSocketTable()]
  let looks = 0
  return async () => {
    const table = tables[looks % 2]!
    const previous = looks === 0 ? undefined : tables[(looks + 1) % 2]!
    looks++
    await listSockets(table)
    linkPrevious(table, previous)
    const findings = await search.find(table, findListeners(table), { budgetMs: 2000, previous })
    /** Owners of the rows with these ports, or of all that fit. */
    const owners = (where: { state?: number; localPort?: number; remotePort?: number }): (Owner | undefined)[] => {
      const found: (Owner | undefined)[] = []
      for (let row = 0; row < table.length; row++) {
        if (where.state !== undefined && table.state[row] !== where.state) continue
        if (where.localPort !== undefined && table.localPort[row] !== where.localPort) continue
        if (where.remotePort !== undefined && table.remotePort[row] !== where.remotePort) continue
        found.push(findings.owners[table.owner[row]!])
      }
      return found
    }
    return { findings, owners }
  }
}
