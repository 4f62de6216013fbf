/** The blocks that a screen knows of: what each is, where it is, and how much longer by a clock that nobody sets. */
import type { NamespaceName } from "../model/subject.ts"
import { type Block, lostBlocks } from "./block.ts"
import { isSameTarget, targetText } from "./target.ts"

export interface ActiveBlock extends Block {
  /** When it is over, by the clock that ages are told by. `expiresAt` is the time of day. */
  readonly endsAt: number
  /** Absent: the namespace we were started in. */
  readonly namespace?: NamespaceName
}

/** A block that was gone before its time, and when that was noticed. */
export interface LostBlock {
  readonly block: ActiveBlock
  readonly at: number
}

export interface KnownBlocks {
  readonly list: readonly ActiveBlock[]
  /** The latest first. */
  readonly lost: readonly LostBlock[]
  readonly notes: readonly string[]
  /** Why they could not be listed. */
  readonly reason?: string
  readonly isListed: boolean
  /** Goes up with every action on blocks: a list that was begun before says nothing any more. */
  readonly epoch: number
}

export const noBlocks: KnownBlocks = { list: [], lost: [], notes: [], isListed: false, epoch: 0 }

/** One that is kept of those that were lost; more are forgotten. */
const LOST_MAX = 5

export const isSamePlace = (a: { namespace?: NamespaceName }, b: { namespace?: NamespaceName }): boolean =>
  a.namespace?.id === b.namespace?.id

export const isSameBlock = (a: ActiveBlock, b: ActiveBlock): boolean =>
  isSamePlace(a, b) && isSameTarget(a.target, b.target)

/** Those whose time is not over. */
export const stillActive = ({ list }: KnownBlocks, now: number): readonly ActiveBlock[] =>
  list.filter(({ endsAt }) => endsAt > now)

/** The target, and its namespace where that is another one. */
export const blockText = ({ target, namespace }: Pick<ActiveBlock, "target" | "namespace">): string =>
  namespace === undefined ? targetText(target) : `${targetText(target)} in ${namespace.name}`

/** Those of the last list that are missing in this one and should not be. */
export function findLost(known: readonly ActiveBlock[], listed: readonly ActiveBlock[], now: number) {
  const timed = (blocks: readonly ActiveBlock[]) => blocks.map((block) => ({ ...block, expiresAt: block.endsAt }))
  const lost = known.filter((block) => {
    const there = listed.filter((other) => isSamePlace(block, other))
    return lostBlocks(timed([block]), timed(there), now).length > 0
  })
  return lost
}

export const withLost = (
  before: readonly LostBlock[],
  lost: readonly ActiveBlock[],
  at: number,
): readonly LostBlock[] =>
  lost.length === 0 ? before : [...lost.map((block) => ({ block, at })), ...before].slice(0, LOST_MAX)
