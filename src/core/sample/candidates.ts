/** In which order processes are asked for sockets that nobody is known to hold. */

export interface Candidate {
  readonly pid: number
  /** The look in which one of its sockets was last found by searching. */
  readonly foundAtLook: number
}

/** A process that opened sockets this many looks ago is likely to have opened the next ones too. */
const PRODUCTIVE_LOOKS = 16

/**
 * Who is likely, most likely first: the owners of listeners on the ports in question, since a connection that came in
 * was accepted there; then whoever was productive lately, the latest first. Each pid once.
 */
export function likelyPids(listening: Iterable<number>, known: Iterable<Candidate>, look: number): number[] {
  const productive = [...known]
    .filter(({ foundAtLook }) => look - foundAtLook <= PRODUCTIVE_LOOKS)
    .sort((a, b) => b.foundAtLook - a.foundAtLook || a.pid - b.pid)
  return [...new Set([...listening, ...productive.map(({ pid }) => pid)])]
}

/**
 * Who is asked after them, given every process there is: the ones not there at the last listing, then the ones that
 * are known to hold sockets. `all` ascends, and so does each part.
 */
export function likelyListedPids(
  all: readonly number[],
  seenBefore: ReadonlySet<number>,
  isKnown: (pid: number) => boolean,
): number[] {
  const isNew = (pid: number) => !seenBefore.has(pid)
  return [...all.filter(isNew), ...all.filter((pid) => !isNew(pid) && isKnown(pid))]
}
