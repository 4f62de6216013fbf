import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseCounterLines, parseCounterPairs } from "../../../src/core/proc/snmp.ts"
import { procFixture } from "./proc.ts"

describe("snmp and netstat", () => {
  test("finds the counters of Linux 6.18 by name", async () => {
    const snmp = parseCounterPairs(await procFixture("net/snmp"))
    expect(Object.keys(snmp)).toEqual(["Ip", "Icmp", "IcmpMsg", "Tcp", "Udp", "UdpLite"])
    const line = (await procFixture("net/snmp")).split("\n").filter((text) => text.startsWith("Tcp:"))[1]!
    const [, , , , maxConn, activeOpens, , , , , inSegs, outSegs, retransSegs] = line.split(" ").map(Number)
    expect(maxConn).toBe(-1)
    expect(snmp.Tcp).toMatchObject({
      MaxConn: -1,
      ActiveOpens: activeOpens!,
      InSegs: inSegs!,
      OutSegs: outSegs!,
      RetransSegs: retransSegs!,
    })
    expect(outSegs).toBeGreaterThan(0)
  })

  test("finds TCPOrigDataSent and the listen counters in netstat", async () => {
    const netstat = parseCounterPairs(await procFixture("net/netstat"))
    expect(Object.keys(netstat)).toEqual(["TcpExt", "IpExt", "MPTcpExt"])
    expect(netstat.TcpExt!.TCPOrigDataSent).toBeGreaterThan(0)
    expect(netstat.TcpExt!.ListenOverflows).toBe(0)
  })

  test.each([
    { name: "a value that is no number is absent", text: "Tcp: A B C\nTcp: 1 x 3\n", groups: { Tcp: { A: 1, C: 3 } } },
    {
      name: "an empty value line drops the group",
      text: "Tcp: A B\nTcp:\nUdp: A\nUdp: 4\n",
      groups: { Udp: { A: 4 } },
    },
    { name: "a torn value line drops the group", text: "Tcp: A B C\nTcp: 1 2", groups: {} },
    { name: "a header without its values", text: "Tcp: A B\nUdp: A\nUdp: 4", groups: { Udp: { A: 4 } } },
    {
      name: "another order of columns",
      text: "Tcp: OutSegs InSegs\nTcp: 9 8\n",
      groups: { Tcp: { OutSegs: 9, InSegs: 8 } },
    },
    { name: "a 64-bit total", text: "Ip: A\nIp: 18446744073709551615\n", groups: { Ip: { A: 2 ** 64 } } },
    {
      name: "hexadecimal, fractions and signs are no counters",
      text: "Ip: A B C\nIp: 0x1 1.5 +3\n",
      groups: { Ip: {} },
    },
    { name: "nothing", text: "", groups: {} },
  ])("$name", ({ text, groups }) => expect(parseCounterPairs(text)).toEqual(groups))
})

describe("snmp6", () => {
  test("groups the counters of Linux 6.18", async () => {
    const snmp6 = parseCounterLines(await procFixture("net/snmp6"))
    expect(Object.keys(snmp6)).toEqual(["Ip6", "Icmp6", "Udp6", "UdpLite6"])
    expect(snmp6.Ip6!.Ip6InReceives).toBe(1)
    expect(snmp6.Udp6!.Udp6NoPorts).toBe(0)
  })

  test.each([
    {
      name: "a type number belongs to the name",
      text: "Icmp6OutType133 \t7\n",
      groups: { Icmp6: { Icmp6OutType133: 7 } },
    },
    {
      name: "a broken value is absent",
      text: "Ip6InReceives x\nIp6InDelivers 2",
      groups: { Ip6: { Ip6InDelivers: 2 } },
    },
    { name: "a line of three words is none", text: "Ip6InReceives 1 2\n", groups: {} },
  ])("$name", ({ text, groups }) => expect(parseCounterLines(text)).toEqual(groups))
})

test("any text gives finite numbers only", () => {
  const line = fc.array(fc.constantFrom("Tcp:", "Ip6A", "A", "1", "-2", "x", " ", "\n", "__proto__", "\0"), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(line, (words) => {
      for (const groups of [parseCounterPairs(words.join(" ")), parseCounterLines(words.join(" "))])
        for (const counters of Object.values(groups))
          for (const value of Object.values(counters)) expect(Number.isFinite(value)).toBe(true)
    }),
  )
})
