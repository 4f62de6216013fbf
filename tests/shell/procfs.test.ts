import { describe, expect, test } from "bun:test"
import { rmSync } from "node:fs"
import type { Reading } from "../../src/core/sample/sample.ts"
import {
  readConntrack,
  readCounters,
  readIpv4DefaultRoutes,
  readIpv6DefaultRoutes,
  readLoad,
  readOwnUsage,
  readSocketStatistics,
  readSoftnet,
} from "../../src/shell/procfs.ts"
import { readText } from "../../src/shell/text-file.ts"
import { folder, procFolder } from "./folder.ts"

const reason = (given: Reading<unknown>) => (given.ok ? "there is a value" : given.reason)
const value = <T>(given: Reading<T>): T => {
  if (!given.ok) throw new Error(given.reason)
  return given.value
}

describe("a /proc as Linux 6.18 shows it", () => {
  test("gives every reading", () => {
    using proc = procFolder()
    const counters = value(readCounters(proc.path))
    expect(Object.keys(counters)).toEqual(expect.arrayContaining(["Tcp", "TcpExt", "Ip6"]))
    expect(Object.keys(value(readSocketStatistics(proc.path)))).toEqual(expect.arrayContaining(["TCP", "TCP6"]))
    expect(value(readSoftnet(proc.path)).map((row) => row.cpu)).toEqual([0, 1])
    expect(value(readConntrack(proc.path))).toEqual({ count: 0, max: 262144 })
    expect(value(readOwnUsage(proc.path)).rssBytes).toBe(2104 * 1024)
    expect(value(readOwnUsage(proc.path)).cpuUs).toBeGreaterThan(0)
    expect(value(readLoad(proc.path))).toHaveLength(3)
    expect(readIpv4DefaultRoutes(proc.path)).toEqual([{ interface: "eth0", metric: 0 }])
    expect(readIpv6DefaultRoutes(proc.path)).toEqual([{ interface: "eth0", metric: 1024 }])
  })

  test("keeps what is there when IPv6 is switched off and netstat is missing", () => {
    using proc = procFolder()
    for (const name of ["snmp6", "sockstat6", "ipv6_route", "netstat"]) rmSync(`${proc.path}/net/${name}`)
    const counters = value(readCounters(proc.path))
    expect(counters.Tcp?.OutSegs).toBeGreaterThan(0)
    expect(counters).not.toHaveProperty("Ip6")
    expect(counters).not.toHaveProperty("TcpExt")
    expect(value(readSocketStatistics(proc.path))).not.toHaveProperty("TCP6")
    expect(readIpv6DefaultRoutes(proc.path)).toEqual([])
  })
})

describe("a reading is missing with its reason", () => {
  test("when /proc is hidden", () => {
    using proc = folder()
    for (const read of [readCounters, readSocketStatistics, readSoftnet, readOwnUsage, readLoad])
      expect(reason(read(proc.path))).toMatch(/^cannot read \S+: ENOENT\. Is \/proc mounted\?$/)
    expect(readIpv4DefaultRoutes(proc.path)).toEqual([])
  })

  test("when conntrack is not loaded", () => {
    using proc = folder()
    expect(reason(readConntrack(proc.path))).toBe(
      `cannot read ${proc.path}/sys/net/netfilter/nf_conntrack_count: ENOENT. The kernel module nf_conntrack is not loaded, so nothing is tracked`,
    )
  })

  test("when a file holds something else", () => {
    using proc = procFolder()
    const broken = [
      ["net/snmp", readCounters],
      ["net/sockstat", readSocketStatistics],
      ["net/softnet_stat", readSoftnet],
      ["sys/net/netfilter/nf_conntrack_max", readConntrack],
      ["sys/net/netfilter/nf_conntrack_count", readConntrack],
      ["self/status", readOwnUsage],
      ["loadavg", readLoad],
    ] as const
    for (const [name, read] of broken) {
      proc.write(name, "?\n")
      expect(reason(read(proc.path))).toBe(`cannot read ${proc.path}/${name}: it does not hold what it should`)
    }
  })
})

describe("bounds", () => {
  test("a file longer than a megabyte is not taken for counters", () => {
    using proc = folder({ "net/snmp": `${"Tcp: A\nTcp: 1\n".repeat(80_000)}` })
    expect(reason(readCounters(proc.path))).toContain("longer than 1048576 bytes")
  })

  test("the first routes of a full table are looked at", () => {
    const header = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    const row = "eth1 0000000A 00000000 0001 0 0 0 000000FF 0 0 0\n"
    using proc = folder({
      "net/route": `${header}eth0 00000000 0100A8C0 0003 0 0 5 00000000 0 0 0\n${row.repeat(40_000)}`,
    })
    expect(readIpv4DefaultRoutes(proc.path)).toEqual([{ interface: "eth0", metric: 5 }])
  })

  test.each([
    { name: "shorter", max: 100, text: "ab\ncd\nef", isCut: false },
    { name: "exactly as long", max: 8, text: "ab\ncd\nef", isCut: false },
    { name: "longer: whole lines only", max: 7, text: "ab\ncd\n", isCut: true },
    { name: "longer than one line", max: 2, text: "", isCut: true },
  ])("a file that is $name", ({ max, text, isCut }) => {
    using files = folder({ f: "ab\ncd\nef" })
    expect(readText(`${files.path}/f`, max)).toEqual({ text, isCut })
  })

  test("a folder and a device are no files", () => {
    using files = folder()
    for (const path of [files.path, "/dev/zero"]) expect(() => readText(path)).toThrow()
  })
})

test("this machine's own /proc can be read", () => {
  expect(value(readCounters()).Tcp?.OutSegs).toBeGreaterThanOrEqual(0)
  const usage = value(readOwnUsage())
  // The runtime asks the kernel too; both look at a program that is running.
  expect(Math.abs(usage.rssBytes - process.memoryUsage.rss())).toBeLessThan(32 * 1024 * 1024)
})
