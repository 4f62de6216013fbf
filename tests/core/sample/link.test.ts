import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { linkPrevious } from "../../../src/core/sample/link.ts"
import { cookieOf, type SocketTable } from "../../../src/core/sample/socket-table.ts"
import { type SocketSpec, tableOf } from "../../support/sockets.ts"

/** Two looks, joined; `owners` are what the first look knew. */
function looks(before: readonly SocketSpec[], now: readonly SocketSpec[], owners: readonly number[] = []): SocketTable {
  const previous = tableOf(before)
  previous.owner.set(owners)
  const table = tableOf(now)
  linkPrevious(table, previous)
  return table
}

const links = (table: SocketTable) => [...table.previousRow.slice(0, table.length)]
const ofCookies = (cookies: readonly bigint[]) => cookies.map((cookie) => ({ cookie }))

test.each<{ name: string; before: bigint[]; now: bigint[]; expected: number[] }>([
  { name: "the same order", before: [1n, 2n, 3n], now: [1n, 2n, 3n], expected: [0, 1, 2] },
  { name: "a birth in the middle", before: [1n, 2n], now: [1n, 9n, 2n], expected: [0, -1, 1] },
  { name: "a death in the middle", before: [1n, 2n, 3n], now: [1n, 3n], expected: [0, 2] },
  { name: "another order", before: [1n, 2n, 3n], now: [3n, 1n, 2n], expected: [2, 0, 1] },
  { name: "nothing before", before: [], now: [1n], expected: [-1] },
  { name: "nothing now", before: [1n], now: [], expected: [] },
  { name: "halves of a cookie swapped", before: [0x1_00000002n], now: [0x2_00000001n], expected: [-1] },
  {
    name: "cookies of all bits",
    before: [2n ** 64n - 1n, 2n ** 63n],
    now: [2n ** 63n, 2n ** 64n - 1n],
    expected: [1, 0],
  },
])("finds each socket of the look before: $name", ({ before, now, expected }) => {
  expect(links(looks(ofCookies(before), ofCookies(now)))).toEqual(expected)
})

test("without a look before, everything is new", () => {
  const table = tableOf(ofCookies([1n, 2n]))
  table.previousRow.fill(7)
  linkPrevious(table, undefined)
  expect(links(table)).toEqual([-1, -1])
})

test("agrees with a map of cookies under births, deaths and reordering", () => {
  // Cookies of two shapes: small ones that collide in order, and any.
  const cookie = fc.oneof(
    fc.bigInt(1n, 60n),
    fc.bigInt(1n, 60n).map((n) => n << 32n),
    fc.bigInt(0n, 2n ** 64n - 1n),
  )
  const cookies = fc.uniqueArray(cookie, { maxLength: 60 })
  const survivors = fc.tuple(cookies, cookies, fc.infiniteStream(fc.nat(3)))
  fc.assert(
    fc.property(survivors, ([before, born, choice]) => {
      // Each old socket dies, stays, or moves to the end; new ones come between.
      const stay: bigint[] = []
      const move: bigint[] = []
      for (const old of before) {
        const fate = choice.next().value
        if (fate === 0) continue
        if (fate === 1) move.unshift(old)
        else stay.push(old)
      }
      const now = [...new Set([...stay, ...born, ...move])]
      const table = looks(ofCookies(before), ofCookies(now))
      const oracle = new Map(before.map((cookie, row) => [cookie, row]))
      expect(links(table)).toEqual(now.map((cookie) => oracle.get(cookie) ?? -1))
      for (const [row, cookie] of now.entries()) expect(cookieOf(table, row)).toBe(cookie)
    }),
    { numRuns: 300 },
  )
})

test("cookies that differ only in their upper half are different sockets", () => {
  // Half full, so that searches for the absent ones run into the others.
  const block = (from: number) => Array.from({ length: 512 }, (_, i) => (BigInt(from + i) << 32n) | 5n)
  expect(new Set(links(looks(ofCookies(block(1)), ofCookies(block(1_000)))))).toEqual(new Set([-1]))
})

test("a large look does not disturb the small one after it", () => {
  const many = ofCookies(Array.from({ length: 2_000 }, (_, i) => BigInt(i + 1)))
  looks(many, many.toReversed())
  expect(links(looks(ofCookies([5n, 6n]), ofCookies([6n, 5n, 7n])))).toEqual([1, 0, -1])
})

describe("what was known of an owner", () => {
  test.each([
    { name: "stays with the socket", before: 10, now: 10, expected: 5 },
    { name: "is left to be inferred once the socket is closed (TIME_WAIT)", before: 10, now: 0, expected: -1 },
    { name: "stays while a socket has no inode", before: 0, now: 0, expected: 5 },
    { name: "is asked again once a waiting socket is accepted", before: 0, now: 10, expected: -1 },
  ])("$name", ({ before, now, expected }) => {
    expect(looks([{ cookie: 1n, inode: before }], [{ cookie: 1n, inode: now }], [5]).owner[0]).toBe(expected)
  })

  test("follows the cookie and not the row or the inode", () => {
    const before = [
      { cookie: 1n, inode: 10 },
      { cookie: 2n, inode: 20 },
    ]
    const now = [
      { cookie: 2n, inode: 20 },
      { cookie: 3n, inode: 10 },
    ]
    expect([...looks(before, now, [5, 6]).owner.slice(0, 2)]).toEqual([6, -1])
  })
})
