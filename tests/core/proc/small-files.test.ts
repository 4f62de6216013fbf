import { describe, expect, test } from "bun:test"
import { parseLoadAverage } from "../../../src/core/proc/load-average.ts"
import { parseResidentBytes } from "../../../src/core/proc/resident-memory.ts"
import { parseSocketStatistics } from "../../../src/core/proc/sockstat.ts"
import { parseSoftnet } from "../../../src/core/proc/softnet.ts"
import { procFixture } from "./proc.ts"

describe("sockstat", () => {
  test("reads Linux 6.18", async () => {
    const stats = parseSocketStatistics(await procFixture("net/sockstat"))
    expect(Object.keys(stats)).toEqual(["sockets", "TCP", "UDP", "UDPLITE", "RAW", "FRAG"])
    expect(Object.keys(stats.TCP!)).toEqual(["inuse", "orphan", "tw", "alloc", "mem"])
    expect(parseSocketStatistics(await procFixture("net/sockstat6")).FRAG6).toEqual({ inuse: 0, memory: 0 })
  })

  test.each([
    { name: "a name without a value", text: "TCP: inuse 3 orphan\n", stats: { TCP: { inuse: 3 } } },
    { name: "a value that is no number", text: "TCP: inuse x mem 4\n", stats: { TCP: { mem: 4 } } },
    { name: "a line that is no group", text: "TCP inuse 3\n", stats: {} },
  ])("$name", ({ text, stats }) => expect(parseSocketStatistics(text)).toEqual(stats))
})

describe("softnet_stat", () => {
  test("reads Linux 6.18, which numbers its CPUs", async () => {
    expect(parseSoftnet(await procFixture("net/softnet_stat"))).toEqual([
      { cpu: 0, processed: 0x4b, dropped: 0, timeSqueeze: 0 },
      { cpu: 1, processed: 0x3561, dropped: 0, timeSqueeze: 0 },
    ])
  })

  // Columns as net/core/net-procfs.c of each time prints them.
  test.each([
    {
      name: "Linux 4.x, 11 columns: the row is the CPU",
      text: "000000ff 00000002 00000003 0 0 0 0 0 0 0 0\n0000000a 0 0 0 0 0 0 0 0 0 0\n",
      cpus: [
        { cpu: 0, processed: 255, dropped: 2, timeSqueeze: 3 },
        { cpu: 1, processed: 10, dropped: 0, timeSqueeze: 0 },
      ],
    },
    {
      name: "a CPU that is offline has no row",
      text: "1 0 0 0 0 0 0 0 0 0 0 0 00000000\n2 0 0 0 0 0 0 0 0 0 0 0 0000000b\n",
      cpus: [
        { cpu: 0, processed: 1, dropped: 0, timeSqueeze: 0 },
        { cpu: 11, processed: 2, dropped: 0, timeSqueeze: 0 },
      ],
    },
    { name: "a row that is no hexadecimal is left out", text: "1 2 zz 0\n3 2\n", cpus: [] },
  ])("$name", ({ text, cpus }) => expect(parseSoftnet(text)).toEqual(cpus))
})

test.each([
  { text: "0.52 0.58 0.59 1/86 7155\n", load: [0.52, 0.58, 0.59] },
  { text: "128.00 99.10 1.00 1/2 3", load: [128, 99.1, 1] },
  { text: "0.52 0.58", load: undefined },
  { text: "0.52 x 0.59 1/86 7155", load: undefined },
  { text: "", load: undefined },
])("load average $text", ({ text, load }) => expect(parseLoadAverage(text)).toEqual(load as never))

test.each([
  { name: "kilobytes", text: "Name:\tx\nVmRSS:\t    1024 kB\nThreads:\t1\n", bytes: 1_048_576 },
  { name: "a process that calls itself VmRSS", text: "Name:\tVmRSS: 9 kB\nVmRSS:\t    2 kB\n", bytes: 2048 },
  { name: "a kernel thread has none", text: "Name:\tkthreadd\nThreads:\t1\n", bytes: undefined },
  { name: "another unit is not guessed", text: "VmRSS:\t 3 MB\n", bytes: undefined },
])("resident memory: $name", ({ text, bytes }) => expect(parseResidentBytes(text)).toBe(bytes as never))
