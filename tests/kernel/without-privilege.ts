/** Run without CAP_NET_ADMIN: prints what the verbs of connection tracking answer then. */
import { createFlowTable } from "../../src/core/sample/flow-table.ts"
import { listFlows, openConntrack, readConntrackStatistics } from "../../src/shell/kernel/conntrack.ts"

using conversation = openConntrack()
const listing = await listFlows(conversation, createFlowTable()).then(
  () => "listed",
  (error: Error) => error.message,
)
console.log(JSON.stringify({ listing, cpus: await readConntrackStatistics(conversation) }))
