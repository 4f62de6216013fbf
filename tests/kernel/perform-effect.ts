/** Does one effect as the dashboard would, and prints the action that answers it, or why it failed. */
import { initialState } from "../../src/core/app/state.ts"
import { mitigationEffects } from "../../src/shell/effects/mitigation.ts"
import { settings } from "../support/host.ts"

const effect = JSON.parse(process.argv[2] ?? "")
const handlers = mitigationEffects() as unknown as Record<string, (effect: unknown, state: unknown) => Promise<unknown>>
try {
  const state = initialState("live", settings, { isMasked: false, at: 0 })
  console.log(JSON.stringify(await handlers[effect.type]!(effect, state)))
} catch (error) {
  console.log(JSON.stringify({ failure: error instanceof Error ? error.message : String(error) }))
}
