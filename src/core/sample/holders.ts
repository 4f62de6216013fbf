/** Which of several processes that share a socket is shown as its owner. */

/** One process for ever. */
export interface Identity {
  readonly pid: number
  readonly startTime: number
}

/**
 * The one that owns the listener the connection came through; else the oldest, which opened the socket and passed it
 * on; of two as old as each other the lower pid, so that the answer never depends on the order they were seen in.
 * `holders` has at least one.
 */
export function chooseHolder<T extends Identity>(holders: readonly T[], listener: Identity | undefined): T {
  let best = holders[0]
  if (best === undefined) throw new Error("chooseHolder: a socket without holders")
  for (const holder of holders) {
    if (holder.pid === listener?.pid && holder.startTime === listener.startTime) return holder
    if (isOlder(holder, best)) best = holder
  }
  return best
}

const isOlder = (a: Identity, b: Identity) =>
  a.startTime < b.startTime || (a.startTime === b.startTime && a.pid < b.pid)
