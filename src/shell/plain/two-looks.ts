/** Two looks at the host and what moved in between: what every plain command prints. */
import { defaultThresholds } from "../../core/config/thresholds.ts"
import type { Connections } from "../../core/model/connections.ts"
import { deriveModel, type Model } from "../../core/model/model.ts"
import type { NamespaceSelection } from "../../core/sample/network-namespace.ts"
import type { Sample } from "../../core/sample/sample.ts"
import { timestamp } from "../../core/text/timestamp.ts"
import { Collector } from "../collect.ts"
import { worldFailure } from "../failure.ts"

export interface TwoLooks {
  readonly first: Sample
  readonly second: Sample
  readonly model: Model
  readonly connections: Connections
  /** RFC 3339 in this host's zone: when the sockets of the second look were read. */
  readonly capturedAt: string
}

/** Nobody watches: the search for names may take most of a window that is waited for anyway. */
const OWNER_BUDGET_MS = 800

/** Throws a `Failure` when the sockets cannot be listed, since nothing can be said without them. */
export async function takeTwoLooks(ask: {
  readonly sampleSeconds: number
  readonly interfaceName?: string
  readonly namespaces: NamespaceSelection
}): Promise<TwoLooks> {
  using collector = new Collector({
    ...ask,
    now: Date.now,
    monotonicMs: () => performance.now(),
    ownerBudgetMs: OWNER_BUDGET_MS,
  })
  const { sample: first } = await collector.look(undefined)
  if (!first.sockets.ok) throw worldFailure(first.sockets.reason)
  // From look to look, so that a slow look does not stretch the window.
  await Bun.sleep(Math.max(0, first.monotonicMs + ask.sampleSeconds * 1000 - performance.now()))
  const { sample: second, rates } = await collector.look(first)
  const model = deriveModel({ sample: second, previous: first, into: rates, thresholds: defaultThresholds })
  if (!model.connections.ok) throw worldFailure(model.connections.reason)
  const capturedAt = timestamp({ at: model.at, offsetMinutes: -new Date(model.at).getTimezoneOffset() })
  return { first, second, model, connections: model.connections.value, capturedAt }
}
