import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  bytes,
  count,
  countdown,
  duration,
  linkSpeed,
  microseconds,
  percent,
  percentDetailed,
  perSecond,
  rate,
  share,
} from "../../../src/core/text/units.ts"

test("every unit over a sweep of magnitudes", () => {
  const values = [
    0, 0.04, 0.4, 1, 9.96, 42, 99.96, 100, 999, 1000, 1023, 1024, 1536, 65_536, 999_999, 1_048_575, 1_311_000,
  ]
  const large = [123_456_789, 1_073_741_823, 10_737_418_240, 5e12, 3e15, 8e18]
  const columns = [bytes, rate, count, perSecond, percent, percentDetailed, microseconds]
  const head = ["value", "bytes", "rate", "count", "perSecond", "percent", "detailed", "time"]
  const rows = [...values, ...large, Number.NaN, undefined].map((value) => [
    String(value),
    ...columns.map((format) => format(value)),
  ])
  const picture = [head, ...rows].map((row) => row.map((cell) => cell.padStart(12)).join(" ")).join("\n")
  expect(`\n${picture}\n`).toMatchInlineSnapshot(`
    "
           value        bytes         rate        count    perSecond      percent     detailed         time
               0           0B         0B/s            0          0/s           0%         0.0%          0us
            0.04           0B         0B/s            0       <0.1/s        <0.1%        <0.1%          0us
             0.4           0B         0B/s            0        0.4/s         0.4%         0.4%          0us
               1           1B         1B/s            1        1.0/s           1%         1.0%          1us
            9.96          10B        10B/s            9         10/s          10%        10.0%         10us
              42          42B        42B/s           42         42/s          42%        42.0%         42us
           99.96         100B       100B/s           99        100/s         100%       100.0%        100us
             100         100B       100B/s          100        100/s         100%       100.0%        100us
             999         999B       999B/s          999        999/s         999%       999.0%        999us
            1000        1000B      1000B/s        1,000       1.0k/s        1000%      1000.0%        1.0ms
            1023        1023B      1023B/s        1,023       1.0k/s        1023%      1023.0%        1.0ms
            1024        1.0KB      1.0KB/s        1,024       1.0k/s        1024%      1024.0%        1.0ms
            1536        1.5KB      1.5KB/s        1,536       1.5k/s        1536%      1536.0%        1.5ms
           65536       64.0KB     64.0KB/s       65,536      65.5k/s       65536%     65536.0%       65.5ms
          999999        977KB      977KB/s      999,999       1.0M/s      999999%    999999.0%         1.0s
         1048575        1.0MB      1.0MB/s    1,048,575       1.0M/s     1048575%   1048575.0%         1.0s
         1311000        1.3MB      1.3MB/s    1,311,000       1.3M/s     1311000%   1311000.0%         1.3s
       123456789        118MB      118MB/s  123,456,789     123.5M/s   123456789% 123456789.0%       123.5s
      1073741823        1.0GB      1.0GB/s 1,073,741,823    1073.7M/s  1073741823% 1073741823.0%      1073.7s
     10737418240       10.0GB     10.0GB/s 10,737,418,240   10737.4M/s 10737418240% 10737418240.0%     10737.4s
    5000000000000        4.5TB      4.5TB/s 5,000,000,000,000 5000000.0M/s 5000000000000% 5000000000000.0%   5000000.0s
    3000000000000000        2.7PB      2.7PB/s 3,000,000,000,000,000 3000000000.0M/s 3000000000000000% 3000000000000000.0% 3000000000.0s
    8000000000000000000       7105PB     7105PB/s 8,000,000,000,000,000,000 8000000000000.0M/s 8000000000000000000% 8000000000000000000.0% 8000000000000.0s
             NaN            –            –            –            –            –            –            –
       undefined            –            –            –            –            –            –            –
    "
  `)
})

describe("the same values as in the specification", () => {
  test.each([
    ["bytes 0", bytes(0), "0B"],
    ["bytes 1023", bytes(1023), "1023B"],
    ["bytes 1536", bytes(1536), "1.5KB"],
    ["bytes 1311000", bytes(1_311_000), "1.3MB"],
    ["negative bytes", bytes(-5), "0B"],
    ["packets", perSecond(1940), "1.9k/s"],
    ["percent, almost nothing", percent(0.0007), "<0.1%"],
    ["percent, below one", percent(0.4), "0.4%"],
    ["percent, short", percent(2.4), "2%"],
    ["percent, detailed", percentDetailed(2.4), "2.4%"],
    ["percent, detailed nothing", percentDetailed(0), "0.0%"],
    ["share, all but one", share(10_584, 10_585), "99%"],
    ["share, all", share(109, 109), "100%"],
    ["share, hardly any", share(1, 1000), "<1%"],
    ["share, none", share(0, 7), "0%"],
    ["share of nothing", share(0, 0), "0%"],
    ["count", count(262_144), "262,144"],
    ["link speed", linkSpeed(125_000_000 * 8), "1.0 Gb/s"],
    ["slow link", linkSpeed(100e6), "100 Mb/s"],
    ["no link speed", linkSpeed(undefined), "unknown"],
    ["duration", duration(272_000), "4m32s"],
    ["duration, hours", duration(3_900_000), "1h5m"],
    ["a clock that was set back", duration(-1), "0s"],
  ])("%s", (_, shown, wanted) => expect(shown).toBe(wanted))

  test.each([
    // The original has no GB in rows, and its columns break.
    ["gigabytes", bytes(10_737_418_240), "10.0GB", "10240.0MB"],
    // A whole number above 100: the width stays the same, and nobody reads the tenth of 625 KB.
    ["no decimal from 100 on", bytes(640_000), "625KB", "625.0KB"],
    // What rounds up to 1024 is the next unit, else it is wider than its column.
    ["rounding up", bytes(1_048_525), "1.0MB", "1023.9KB"],
    // A rate is rounded like every other number, not cut.
    ["rates are rounded", rate(171.9), "172B/s", "171B/s"],
  ])("on purpose not as the original: %s", (_, shown, wanted, original) => {
    expect(shown).toBe(wanted)
    expect(shown).not.toBe(original)
  })
})

describe("laws", () => {
  const amount = fc.double({ min: 0, max: 1e18, noNaN: true })

  test("bytes fit six cells and rates eight, whatever their size", () => {
    fc.assert(
      fc.property(amount, (value) => {
        expect(bytes(value).length).toBeLessThanOrEqual(6)
        expect(rate(value).length).toBeLessThanOrEqual(8)
      }),
    )
  })

  test("a round-trip time fits its column of seven", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) =>
        expect(microseconds(value).length).toBeLessThanOrEqual(7),
      ),
    )
  })

  test("more bytes never read as fewer", () => {
    const parse = (text: string) => {
      const [, number, unit] = /^([\d.]+)([A-Z]+)$/.exec(text)!
      return Number(number) * 1024 ** ["B", "KB", "MB", "GB", "TB", "PB"].indexOf(unit!)
    }
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const [small, big] = a < b ? [a, b] : [b, a]
        expect(parse(bytes(small))).toBeLessThanOrEqual(parse(bytes(big)))
      }),
    )
  })
})

test.each([
  [252_000, "04:12"],
  [251_001, "04:12"],
  [1, "00:01"],
  [0, "00:00"],
  [-5, "00:00"],
  [3_599_999, "1:00:00"],
  [86_400_000, "24:00:00"],
] as const)("%d ms are left: %s", (left, text) => expect(countdown(left)).toBe(text))
