import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { byteMark, createRateTable, deriveBytes, type LinkLimit } from "../../../src/core/model/rates.ts"
import { linkPrevious } from "../../../src/core/sample/link.ts"
import type { Sockets } from "../../../src/core/sample/sample.ts"
import { parseAddress } from "../../../src/core/wire/address.ts"
import { type SocketSpec, tableOf } from "../../support/sockets.ts"

type Look = readonly SocketSpec[]
interface Given {
  before?: Look
  now: Look
  isComplete?: boolean
  elapsedMs?: number
  link?: LinkLimit
}

const markNames = Object.fromEntries(Object.entries(byteMark).map(([name, number]) => [number, name]))

/** What each row of `now` moved: `[mark, tx, rx]`. */
function moved({
  before,
  now,
  isComplete = true,
  elapsedMs = 1000,
  link,
}: Given): [mark: string, tx: number, rx: number][] {
  const sockets = (look: Look): Sockets => ({ table: tableOf(look), owners: [], isComplete })
  const previous = before === undefined ? undefined : { sockets: sockets(before), elapsedMs }
  const current = sockets(now)
  linkPrevious(current.table, previous?.sockets.table)
  const rates = createRateTable()
  deriveBytes(rates, current, previous, link)
  return now.map((_, row) => [markNames[rates.mark[row]!]!, rates.txBytes[row]!, rates.rxBytes[row]!])
}

const none = Number.NaN
const counted = (acked: number, received: number, more: SocketSpec = {}): SocketSpec => ({
  cookie: 1n,
  acked,
  received,
  ...more,
})
const uncounted = (more: SocketSpec = {}): SocketSpec => ({ cookie: 1n, ...more })

describe("bytes between two looks", () => {
  test.each<{ name: string; given: Given; expected: [string, number, number] }>([
    {
      name: "the difference",
      given: { before: [counted(1000, 2000)], now: [counted(3000, 5000)] },
      expected: ["exact", 2000, 3000],
    },
    {
      name: "nothing moved is 0 and known",
      given: { before: [counted(7, 8)], now: [counted(7, 8)] },
      expected: ["exact", 0, 0],
    },
    { name: "there is no look before", given: { now: [counted(1000, 2000)] }, expected: ["first", none, none] },
    {
      name: "two looks at one instant",
      given: { before: [counted(1, 1)], now: [counted(9, 9)], elapsedMs: 0 },
      expected: ["first", none, none],
    },
    {
      name: "a clock that went back",
      given: { before: [counted(1, 1)], now: [counted(9, 9)], elapsedMs: -5 },
      expected: ["first", none, none],
    },
    {
      name: "born inside the window: its whole life",
      given: { before: [], now: [counted(10, 20)] },
      expected: ["exact", 10, 20],
    },
    {
      name: "not seen before, but the look before was incomplete",
      given: { before: [], now: [counted(10, 20)], isComplete: false },
      expected: ["first", none, none],
    },
    {
      name: "seen before in an incomplete look",
      given: { before: [counted(1, 2)], now: [counted(11, 22)], isComplete: false },
      expected: ["exact", 10, 20],
    },
    {
      name: "a reused tuple is another socket",
      given: { before: [counted(500, 500, { cookie: 2n })], now: [counted(10, 20)] },
      expected: ["exact", 10, 20],
    },
    {
      name: "sent went back",
      given: { before: [counted(3000, 0)], now: [counted(100, 50)] },
      expected: ["wentBack", none, none],
    },
    {
      name: "received went back",
      given: { before: [counted(0, 7000)], now: [counted(50, 200)] },
      expected: ["wentBack", none, none],
    },
    {
      name: "as much as the fastest link carries",
      given: { before: [counted(0, 0)], now: [counted(50e9, 0)] },
      expected: ["exact", 50e9, 0],
    },
    {
      name: "more than any link carries",
      given: { before: [counted(0, 0)], now: [counted(50e9 + 1, 0)] },
      expected: ["impossible", none, none],
    },
    {
      name: "more than any link carries, received",
      given: { before: [counted(0, 0)], now: [counted(0, 2 ** 52)] },
      expected: ["impossible", none, none],
    },
    {
      name: "a newborn with an impossible life",
      given: { before: [], now: [counted(0, 2 ** 52)] },
      expected: ["impossible", none, none],
    },
    {
      name: "a longer window carries more",
      given: { before: [counted(0, 0)], now: [counted(60e9, 0)], elapsedMs: 2000 },
      expected: ["exact", 60e9, 0],
    },
    {
      name: "TIME_WAIT has no counters",
      given: { before: [counted(5, 5)], now: [uncounted({ state: "TIME_WAIT" })] },
      expected: ["uncounted", none, none],
    },
    {
      name: "a new TIME_WAIT has none either",
      given: { before: [], now: [uncounted({ state: "TIME_WAIT" })] },
      expected: ["uncounted", none, none],
    },
    {
      name: "half-open",
      given: { before: [], now: [uncounted({ state: "SYN_RECV" })] },
      expected: ["uncounted", none, none],
    },
    {
      name: "half-open before, established now: from zero",
      given: { before: [uncounted({ state: "SYN_RECV" })], now: [counted(10, 20)] },
      expected: ["exact", 10, 20],
    },
    {
      name: "half-open before, also when that look was incomplete",
      given: { before: [uncounted({ state: "NEW_SYN_RECV" })], now: [counted(10, 20)], isComplete: false },
      expected: ["exact", 10, 20],
    },
    {
      name: "half-open twice",
      given: { before: [uncounted({ state: "SYN_RECV" })], now: [uncounted({ state: "SYN_RECV" })] },
      expected: ["uncounted", none, none],
    },
    {
      name: "counters that appear on an old socket",
      given: { before: [uncounted()], now: [counted(10, 20)] },
      expected: ["uncounted", none, none],
    },
  ])("$name", ({ given, expected }) => expect(moved(given)).toEqual([expected]))

  test("a kernel before 4.1, whose tcp_info ends before the byte counters", () => {
    // 104 bytes of tcp_info: up to and with retransTotal.
    const old = (): SocketSpec => ({
      cookie: 1n,
      info: { bytesAcked: undefined, bytesReceived: undefined, retransTotal: 1 } as never,
    })
    expect(moved({ before: [old()], now: [old()] })).toEqual([["uncounted", none, none]])
  })
})

describe("the speed of a real device", () => {
  const megabit = 1e6 / 8
  const network = (text: string, bits: number) => {
    const address = new Uint8Array(16)
    const bytes = parseAddress(text)!
    if (bytes.length === 4) address.set([0xff, 0xff, ...bytes], 10)
    else address.set(bytes)
    return { address, prefixLength: bytes.length === 4 ? 96 + bits : bits }
  }
  const link: LinkLimit = {
    bytesPerSecond: 1000 * megabit,
    localAddresses: new Set(["10.0.0.1", "2001:db8::1"]),
    elsewhere: [network("127.0.0.0", 8), network("10.0.0.1", 32), network("172.17.0.0", 20), network("fd00::", 7)],
  }
  const limit = 1000 * megabit * 1.25 + 64 * 2 ** 20
  const jump = (local: string, remote: string, bytes: number, isMapped = false): string =>
    moved({
      before: [counted(0, 0, { local, remote, isMapped })],
      now: [counted(bytes, 0, { local, remote, isMapped })],
      link,
    })[0]![0]

  test.each([
    { name: "at the limit", local: "10.0.0.1:80", remote: "192.0.2.1:5000", bytes: limit, expected: "exact" },
    { name: "above it", local: "10.0.0.1:80", remote: "192.0.2.1:5000", bytes: limit + 1, expected: "impossible" },
    {
      name: "above it, IPv6",
      local: "[2001:db8::1]:80",
      remote: "[2001:db8:2::1]:5000",
      bytes: limit + 1,
      expected: "impossible",
    },
    {
      name: "another device's address",
      local: "10.0.1.1:80",
      remote: "192.0.2.1:5000",
      bytes: limit + 1,
      expected: "exact",
    },
    {
      name: "a peer that is the host itself",
      local: "10.0.0.1:80",
      remote: "10.0.0.1:5000",
      bytes: limit + 1,
      expected: "exact",
    },
    {
      name: "a peer beside that address",
      local: "10.0.0.1:80",
      remote: "10.0.0.2:5000",
      bytes: limit + 1,
      expected: "impossible",
    },
    { name: "loopback", local: "10.0.0.1:80", remote: "127.8.9.1:5000", bytes: limit + 1, expected: "exact" },
    {
      name: "a container's peer: last address of its network",
      local: "10.0.0.1:80",
      remote: "172.17.15.255:5000",
      bytes: limit + 1,
      expected: "exact",
    },
    {
      name: "the first address after it",
      local: "10.0.0.1:80",
      remote: "172.17.16.0:5000",
      bytes: limit + 1,
      expected: "impossible",
    },
    {
      name: "IPv6 of a private network",
      local: "[2001:db8::1]:80",
      remote: "[fd12::1]:5000",
      bytes: limit + 1,
      expected: "exact",
    },
    {
      name: "beyond any link all the same",
      local: "10.0.1.1:80",
      remote: "192.0.2.1:5000",
      bytes: 51e9,
      expected: "impossible",
    },
  ])("$name", ({ local, remote, bytes, expected }) => expect(jump(local, remote, bytes)).toBe(expected))

  test("holds for IPv4 on a dual-stack socket", () => {
    expect(jump("10.0.0.1:80", "192.0.2.1:5000", limit + 1, true)).toBe("impossible")
  })

  test("says nothing when it is unknown", () => {
    const speedless = { before: [counted(0, 0)], now: [counted(limit + 1, 0)] }
    expect(moved(speedless)[0]![0]).toBe("exact")
  })
})

test("bytes are never negative, and unknown exactly when the mark says why", () => {
  const number = fc.oneof(fc.nat(100), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
  const spec = fc.record(
    {
      cookie: fc.bigInt(1n, 12n),
      state: fc.constantFrom("ESTABLISHED" as const, "SYN_RECV" as const, "TIME_WAIT" as const, "FIN_WAIT2" as const),
      acked: number,
      received: number,
    },
    { requiredKeys: ["cookie"] },
  )
  const look = fc.uniqueArray(spec, { maxLength: 12, selector: ({ cookie }) => cookie })
  fc.assert(
    fc.property(
      look,
      look,
      fc.boolean(),
      fc.integer({ min: -1, max: 100_000 }),
      (before, now, isComplete, elapsedMs) => {
        for (const [mark, tx, rx] of moved({ before, now, isComplete, elapsedMs })) {
          expect(tx >= 0 || Number.isNaN(tx)).toBe(true)
          expect(rx >= 0 || Number.isNaN(rx)).toBe(true)
          expect([Number.isNaN(tx), Number.isNaN(rx)]).toEqual([mark !== "exact", mark !== "exact"])
        }
      },
    ),
    { numRuns: 300 },
  )
})

test("a table that shrank leaves nothing of the look before", () => {
  const rates = createRateTable()
  const two: Sockets = { table: tableOf([counted(1, 1), counted(2, 2, { cookie: 2n })]), owners: [], isComplete: true }
  linkPrevious(two.table, undefined)
  deriveBytes(rates, two, undefined)
  const one: Sockets = { table: tableOf([counted(5, 7)]), owners: [], isComplete: true }
  linkPrevious(one.table, two.table)
  deriveBytes(rates, one, { sockets: two, elapsedMs: 1000 })
  expect([rates.mark[0], rates.txBytes[0], rates.rxBytes[0]]).toEqual([byteMark.exact, 4, 6])
})
