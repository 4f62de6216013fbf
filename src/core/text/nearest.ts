/** The word that was probably meant. */

/** The candidate that differs from `word` by a slip or two, if there is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A short word is soon like any other.
  const allowed = word.length < 3 ? 0 : word.length < 6 ? 1 : 2
  let best: string | undefined
  let bestSlips = allowed + 1
  for (const candidate of candidates) {
    const isBeginning = word.length >= 3 && candidate.startsWith(word)
    const needed = isBeginning ? 1 : slips(word, candidate)
    if (needed < bestSlips) {
      best = candidate
      bestSlips = needed
    }
  }
  return best
}

const LENGTH_MAX = 64

/** Letters left out, added or changed, and neighbours swapped (optimal string alignment). */
function slips(a: string, b: string): number {
  if (a.length > LENGTH_MAX || b.length > LENGTH_MAX) return Number.POSITIVE_INFINITY
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(last[j]! + 1, current[j - 1]! + 1, last[j - 1]! + change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[b.length]!
}
