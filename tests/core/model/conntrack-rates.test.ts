import { expect, test } from "bun:test"
import { deriveConntrackRates } from "../../../src/core/model/conntrack-rates.ts"
import { parseConntrackStatistics } from "../../../src/core/proc/conntrack-statistics.ts"
import type { ConntrackCpu } from "../../../src/core/wire/conntrack.ts"

const cpu = (number: number, drop: number): ConntrackCpu => ({
  cpu: number,
  drop,
  earlyDrop: 2 * drop,
  insertFailed: 0,
  invalid: 0,
})

test.each<{
  name: string
  before: ConntrackCpu[] | undefined
  now: ConntrackCpu[]
  elapsedMs?: number
  drops: number | undefined
}>([
  { name: "is not known on the first reading", before: undefined, now: [cpu(0, 5)], drops: undefined },
  { name: "is not known after a reading that failed", before: [], now: [cpu(0, 5)], drops: undefined },
  { name: "is not known when no time passed", before: [cpu(0, 5)], now: [cpu(0, 6)], elapsedMs: 0, drops: undefined },
  { name: "is the sum over CPUs", before: [cpu(0, 5), cpu(1, 7)], now: [cpu(0, 9), cpu(1, 8)], drops: 2.5 },
  { name: "wraps around at 32 bits", before: [cpu(0, 2 ** 32 - 4)], now: [cpu(0, 6)], drops: 5 },
  { name: "is not known after a reset", before: [cpu(0, 1_000_000)], now: [cpu(0, 3)], drops: undefined },
  { name: "leaves out a CPU that has come since", before: [cpu(0, 5)], now: [cpu(0, 9), cpu(1, 4_000)], drops: 2 },
])("the drop rate $name", ({ before, now, elapsedMs = 2_000, drops }) => {
  const rates = deriveConntrackRates(now, before && { cpus: before, elapsedMs })
  expect(rates?.dropPerSecond).toBe(drops as number)
  if (drops !== undefined) expect(rates!.earlyDropPerSecond).toBe(2 * drops)
})

// Linux 6.18, and the columns of a kernel before 5.10.
test.each([
  [
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart",
    "00000007  00000001 00000002 00000000 00000014 00000000 00000000 00000000 00000000 00000003 0003201d 0000000d 00000000  00000000 00000000 00000000 00000000",
  ],
  [
    "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart",
    "00000007  00000000 00000002 00000000 00000014 00000000 00000000 00000000 00000000 00000003 0003201d 0000000d 00000000  00000000 00000000 00000000 00000000",
  ],
])("reads /proc/net/stat/nf_conntrack", (head, line) => {
  const cpus = parseConntrackStatistics(`${head}\n${line}\n${line}\n`)!
  expect(cpus).toHaveLength(2)
  expect(cpus[1]).toMatchObject({ cpu: 1, drop: 204_829, earlyDrop: 13, insertFailed: 3, invalid: 20 })
})

test.each([
  "",
  "\n",
  "entries drop",
  "entries drop\n1",
  "entries drop\n1 x",
  "entries found\n1 1",
  "entries drop\n1 -1",
])("%j is no such file", (text) => expect(parseConntrackStatistics(text)).toBeUndefined())
