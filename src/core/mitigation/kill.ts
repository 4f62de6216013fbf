/**
 * The kill sweep: what one round of looking and destroying says, when to go on, and what is reported.
 *
 * A socket is known by its cookie. One round looks, destroys what it found, and the next round's look is the proof.
 */

/** Bounds of the whole sweep. */
export const SWEEP_MS_MAX = 4_000
export const ROUNDS_MAX = 12
export const PAUSE_MS = 120

/** A socket of the target that a look found. TIME_WAIT is never among them. */
export interface Found {
  /** The cookie in decimal. */
  readonly key: string
  /**
   * An orphan in FIN_WAIT2 that the kernel keeps in a small record (no inode). Kernels before 6.1 cannot destroy it, and
   * it ends by itself within a minute: it is never a survivor.
   */
  readonly isRemnant: boolean
}

/** What the kernel said to one destroy: "" is done, else the errno's name. */
export type Verdict = string

export interface Sweep {
  readonly rounds: number
  /** Cookies of the first look. */
  readonly first: ReadonlySet<string>
  /** Everything that was ever seen. */
  readonly seen: ReadonlySet<string>
  readonly destroyed: ReadonlySet<string>
  readonly alreadyGone: ReadonlySet<string>
  /** How often the kernel refused, by errno. */
  readonly refusals: ReadonlyMap<string, number>
  /** What the last look found, without remnants. */
  readonly standing: readonly string[]
}

export const beginSweep: Sweep = {
  rounds: 0,
  first: new Set(),
  seen: new Set(),
  destroyed: new Set(),
  alreadyGone: new Set(),
  refusals: new Map(),
  standing: [],
}

/** Takes a look into account. */
export function afterLook(sweep: Sweep, found: readonly Found[]): Sweep {
  const keys = found.map(({ key }) => key)
  return {
    ...sweep,
    rounds: sweep.rounds + 1,
    first: sweep.rounds === 0 ? new Set(keys) : sweep.first,
    seen: new Set([...sweep.seen, ...keys]),
    standing: found.filter(({ isRemnant }) => !isRemnant).map(({ key }) => key),
  }
}

/** Takes into account what the kernel said to each destroy. */
export function afterDestroy(
  sweep: Sweep,
  verdicts: readonly { readonly key: string; readonly verdict: Verdict }[],
): Sweep {
  const destroyed = new Set(sweep.destroyed)
  const alreadyGone = new Set(sweep.alreadyGone)
  const refusals = new Map(sweep.refusals)
  for (const { key, verdict } of verdicts) {
    if (verdict === "") destroyed.add(key)
    // A cookie of a dump that is not found any more: it closed in between. The listener is never meant by it.
    else if (verdict === "ENOENT") {
      if (!destroyed.has(key)) alreadyGone.add(key)
    } else refusals.set(verdict, (refusals.get(verdict) ?? 0) + 1)
  }
  return { ...sweep, destroyed, alreadyGone, refusals }
}

/** What comes after a look: nothing is left, or time is up, or another round; `pauseMs` before it. */
export type Next = { readonly go: true; readonly pauseMs: number } | { readonly go: false; readonly timedOut: boolean }

/** Refusals that no second try changes. */
const FINAL = new Set(["EPERM", "EACCES", "EOPNOTSUPP"])

export function nextRound(sweep: Sweep, elapsedMs: number): Next {
  if (sweep.rounds > 0 && sweep.standing.length === 0) return { go: false, timedOut: false }
  if ([...sweep.refusals.keys()].some((errno) => FINAL.has(errno)) && sweep.destroyed.size === 0)
    return { go: false, timedOut: false }
  // The round after the first follows at once: a destroyed socket leaves the dump within the call.
  const pauseMs = sweep.rounds < 2 ? 0 : PAUSE_MS
  if (elapsedMs + pauseMs >= SWEEP_MS_MAX || sweep.rounds >= ROUNDS_MAX) return { go: false, timedOut: true }
  return { go: true, pauseMs }
}

/** The whole of a kill as it is reported. */
export interface KillSummary {
  /** What the first look found. */
  readonly matched: number
  readonly destroyed: number
  /** They closed between the look and the kill. */
  readonly alreadyGone: number
  /** Seen, asked to end, and still there. */
  readonly survivors: number
  /** They came while the sweep went on; those that were destroyed count there too. */
  readonly arrivals: number
  readonly timedOut: boolean
  readonly elapsedMs: number
  readonly refusals: readonly { readonly errno: string; readonly count: number }[]
  /** Connection tracking entries that were deleted, or why not. */
  readonly flows: { readonly deleted: number } | { readonly reason: string }
}

export function summarize(
  sweep: Sweep,
  { elapsedMs, timedOut, flows }: Pick<KillSummary, "elapsedMs" | "timedOut" | "flows">,
): KillSummary {
  return {
    matched: sweep.first.size,
    destroyed: sweep.destroyed.size,
    alreadyGone: sweep.alreadyGone.size,
    survivors: sweep.standing.length,
    arrivals: [...sweep.seen].filter((key) => !sweep.first.has(key)).length,
    timedOut,
    elapsedMs,
    refusals: [...sweep.refusals].map(([errno, count]) => ({ errno, count })),
    flows,
  }
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`

/** One line: `destroyed 12 connections; 1 was already gone; 2 survive (new ones keep coming); 12 flows deleted`. */
export function killText(summary: KillSummary): string {
  const { matched, destroyed, alreadyGone, survivors, arrivals, refusals, flows } = summary
  const nothing = matched === 0 && destroyed === 0 && survivors === 0
  const parts = [
    nothing ? "no connection matched" : `destroyed ${plural(destroyed, "connection")}`,
    ...(alreadyGone > 0 ? [`${alreadyGone} had already gone`] : []),
    ...(arrivals > 0 ? [`${arrivals} came meanwhile`] : []),
    ...(survivors > 0 ? [`${plural(survivors, "connection")} survived`] : []),
    ...refusals.map(({ errno, count }) => `the kernel refused ${count} (${errno}${refusalHint(errno)})`),
    "deleted" in flows
      ? flows.deleted > 0
        ? [`${plural(flows.deleted, "flow")} deleted`]
        : []
      : [`flows: ${flows.reason}`],
  ].flat()
  return parts.join("; ")
}

function refusalHint(errno: string): string {
  if (errno === "EPERM" || errno === "EACCES") return ": run with sudo, or give CAP_NET_ADMIN"
  if (errno === "EOPNOTSUPP") return ": this kernel is built without CONFIG_INET_DIAG_DESTROY"
  return ""
}
