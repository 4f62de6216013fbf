import { expect, test } from "bun:test"
import { isSocketDue, isWalkDue } from "../../../src/core/sample/search-pauses.ts"

/** In how many of 1000 looks it is due. */
const dueLooks = (isDue: (failures: number, look: number) => boolean, failures: number) =>
  Array.from({ length: 1024 }, (_, look) => look).filter((look) => isDue(failures, look)).length

test("each failure doubles the pause, up to a limit", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 255].map((misses) => dueLooks(isSocketDue, misses))).toEqual([
    512, 256, 128, 64, 32, 16, 16, 16,
  ])
  expect([0, 1, 2, 3, 4, 1000, 5000].map((barren) => dueLooks(isWalkDue, barren))).toEqual([
    1024, 512, 256, 128, 128, 128, 128,
  ])
})

test("sockets lost at different times are looked for in the same look", () => {
  for (let look = 0; look < 1024; look++)
    if (isSocketDue(6, look)) expect([1, 2, 3, 4, 5].every((misses) => isSocketDue(misses, look))).toBe(true)
})
