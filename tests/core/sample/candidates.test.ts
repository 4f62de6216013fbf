import { expect, test } from "bun:test"
import { likelyListedPids, likelyPids } from "../../../src/core/sample/candidates.ts"

test("asks owners of the listeners first, then whoever was productive lately, the latest first", () => {
  const known = [
    { pid: 1, foundAtLook: 99 },
    { pid: 2, foundAtLook: 100 },
    { pid: 4, foundAtLook: 99 },
    { pid: 3, foundAtLook: 99 },
    { pid: 5, foundAtLook: 10 },
  ]
  expect(likelyPids([4, 9], known, 100)).toEqual([4, 9, 2, 1, 3])
})

test("then processes that are new, then the known ones", () => {
  const seen = new Set([1, 2, 3, 4])
  expect(likelyListedPids([1, 2, 3, 5, 6], seen, (pid) => pid === 2)).toEqual([5, 6, 2])
})
