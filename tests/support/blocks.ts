/** Builders: blocks and lifelines as the shell tells them. */
import type { ActiveBlock } from "../../src/core/mitigation/active.ts"
import type { Lifelines } from "../../src/core/mitigation/guards.ts"
import { parseTarget, type Target } from "../../src/core/mitigation/target.ts"

export function targetOf(text: string): Target {
  const parsed = parseTarget(text)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

export const noLifelines: Lifelines = { sessions: [], own: [], gateways: [], resolvers: [], notes: [] }

const ids = new Map<string, string>()
/** One target has one id. */
const idOf = (text: string): string => {
  const id = ids.get(text) ?? (ids.size + 1).toString(16).padStart(8, "0")
  ids.set(text, id)
  return id
}

/** A block of five minutes, of which `leftMs` are left at the time of `state`. */
export function activeBlock(
  { now }: { readonly now: number },
  target: string,
  { leftMs = 252_000, ...rest }: Partial<ActiveBlock> & { readonly leftMs?: number } = {},
): ActiveBlock {
  const startedAt = 1_772_949_390_000
  return {
    id: idOf(target),
    target: targetOf(target),
    startedAt,
    expiresAt: startedAt + 300_000,
    durationMs: 300_000,
    by: "alice",
    backend: "kernel",
    endsAt: now + leftMs,
    ...rest,
  }
}
