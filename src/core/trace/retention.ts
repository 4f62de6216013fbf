/** Which saved captures go: those too old, and the oldest of those that are too large together. */

export const PCAP_AGE_MAX_HOURS = 168
export const PCAP_TOTAL_MAX = 512 * 1024 * 1024

/** Kept free for everybody else. */
export const SPARE_BYTES = 64 * 1024 * 1024

export interface SavedCapture {
  readonly name: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
}

export const isCaptureName = (name: string): boolean => /^trace-[0-9A-Za-z_-]+\.pcap$/.test(name)

/** Names to delete. `kept` is never among them: it is being written. */
export function expiredCaptures(
  files: readonly SavedCapture[],
  at: number,
  kept?: string,
  limits = { ageHours: PCAP_AGE_MAX_HOURS, total: PCAP_TOTAL_MAX },
): string[] {
  let total = 0
  return files
    .filter(({ name }) => isCaptureName(name))
    .toSorted((a, b) => b.modifiedAt - a.modifiedAt)
    .filter(({ name, size, modifiedAt }) => {
      total += size
      return name !== kept && (at - modifiedAt > limits.ageHours * 3_600_000 || total > limits.total)
    })
    .map(({ name }) => name)
}

/** `trace-20260322-013357-syn-rst-203_0_113_10-443-5f0c….pcap`; `token` is what nobody can guess. */
export function captureName(ask: {
  at: number
  offsetMinutes: number
  slug: string
  peer: string
  port?: number
  token: string
}): string {
  const time = new Date(ask.at + ask.offsetMinutes * 60_000).toISOString()
  const stamp = `${time.slice(0, 10).replaceAll("-", "")}-${time.slice(11, 19).replaceAll(":", "")}`
  const peer = ask.peer
    .replaceAll(".", "_")
    .replaceAll(":", "-")
    .replace(/[^0-9A-Za-z_-]/g, "")
  return `trace-${stamp}-${ask.slug}-${peer}-${ask.port ?? "peer-only"}-${ask.token}.pcap`
}
