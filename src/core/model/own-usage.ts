/** What this program itself costs. */
import type { OwnUsage } from "../sample/sample.ts"
import { difference, perSecond } from "./counter-difference.ts"

export interface OwnLoad {
  /** 1 is one core all the time. Absent in the first look and in a window too short. */
  readonly cpuCores?: number
  readonly rssBytes: number
}

export function deriveOwnLoad(
  now: OwnUsage,
  before?: { readonly usage: OwnUsage; readonly elapsedMs: number },
): OwnLoad {
  const { rssBytes } = now
  if (before === undefined) return { rssBytes }
  const cpuUsPerSecond = perSecond(difference(now.cpuUs, before.usage.cpuUs), before.elapsedMs)
  return cpuUsPerSecond === undefined ? { rssBytes } : { cpuCores: cpuUsPerSecond / 1e6, rssBytes }
}
