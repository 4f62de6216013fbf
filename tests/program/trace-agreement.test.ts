/**
 * Our reading of twenty captures against tcpdump's: every packet, its ends, flags and length. The captures are made
 * here, one of each format, link and protocol that we read; tests/kernel adds those of a running kernel.
 */
import { expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { openForm, readForm, type TraceForm } from "../../src/core/trace/filter.ts"
import { temporaryFolder } from "../support/folder.ts"
import * as make from "../support/packets.ts"
import { requires } from "../support/requirements.ts"
import { describeWithTcpdump, ourLines } from "../support/tcpdump-lines.ts"

const { linkTypes } = make
const V6 = { from: "2001:db8::1", to: "2001:db8::2" }
const options = [...make.mss(1460), ...make.windowScale(7), 4, 2, ...make.timestamps(111, 222)]
const eight = [0, 0, 1, 4, 0, 0, 0, 0]

const exchange = (ends: { from?: string; to?: string } = {}) => {
  const { from = "10.0.0.1", to = "10.0.0.2" } = ends
  const out = (spec: make.SegmentSpec) => make.segment({ from, to, ...spec })
  const back = (spec: make.SegmentSpec) => make.segment({ from: to, to: from, fromPort: 443, toPort: 40_000, ...spec })
  return [
    out({ flags: "S", seq: 100, options }),
    back({ flags: "S.", seq: 500, ack: 101, options }),
    out({ flags: ".", seq: 101, ack: 501 }),
    out({ flags: "P.", seq: 101, ack: 501, payload: 333, options: make.timestamps(1, 2) }),
    back({ flags: ".", seq: 501, ack: 434, options: make.sack(1_000, 2_000) }),
    back({ flags: "FP.", seq: 501, ack: 434, payload: 20 }),
    out({ flags: "R.", seq: 434, ack: 522 }),
    out({ flags: "SEW", seq: 9 }),
    back({ flags: "S.E", seq: 9, ack: 10 }),
    out({ flags: "" }),
  ]
}
const four = exchange()
const six = exchange(V6)
const both = [...four, ...six]
const on = (link: (packet: Uint8Array) => Uint8Array, packets = both) => packets.map((packet) => link(packet))
const quoted = make.segment({ flags: "P.", payload: 1_400 })

const captures: readonly (readonly [string, Uint8Array])[] = [
  ["ethernet", make.pcap(on(make.ethernet))],
  ["ethernet-big-endian", make.pcap(on(make.ethernet), { isBig: true })],
  ["ethernet-nanoseconds", make.pcap(on(make.ethernet), { isNanosecond: true })],
  ["ethernet-big-endian-nanoseconds", make.pcap(on(make.ethernet), { isBig: true, isNanosecond: true })],
  ["pcapng", make.pcapng(on(make.ethernet))],
  ["pcapng-big-endian", make.pcapng(on(make.ethernet), { isBig: true })],
  ["pcapng-nanoseconds", make.pcapng(on(make.ethernet), { resolution: 9 })],
  ["vlan", make.pcap(on((packet) => make.ethernet(packet, { vlans: [100] })))],
  ["two-vlans", make.pcap(on((packet) => make.ethernet(packet, { vlans: [100, 200] })))],
  [
    "cooked",
    make.pcap(
      on((packet) => make.cooked(packet, 4)),
      { linkType: linkTypes.cooked },
    ),
  ],
  [
    "cooked-v2",
    make.pcap(
      on((packet) => make.cooked2(packet, 3, 4)),
      { linkType: linkTypes.cooked2 },
    ),
  ],
  ["raw", make.pcap(both, { linkType: linkTypes.raw })],
  ["ipv4", make.pcap(four, { linkType: linkTypes.ipv4 })],
  ["ipv6", make.pcap(six, { linkType: linkTypes.ipv6 })],
  [
    "bsd-loopback",
    make.pcap(
      on((packet) => make.bytesOf([packet[0]! >> 4 === 6 ? 30 : 2, 0, 0, 0], packet)),
      { linkType: linkTypes.null },
    ),
  ],
  [
    "openbsd-loopback",
    make.pcap(
      on((packet) => make.bytesOf([0, 0, 0, packet[0]! >> 4 === 6 ? 24 : 2], packet)),
      { linkType: linkTypes.loop },
    ),
  ],
  [
    "snapped",
    make.pcap(
      on(make.ethernet).map((bytes) => ({ bytes: bytes.subarray(0, 96), wireLength: bytes.length })),
      { snapLength: 96 },
    ),
  ],
  [
    "udp-and-icmp",
    make.pcap(
      on(make.ethernet, [
        make.datagramPacket({ toPort: 9_999, payload: 31 }),
        make.datagramPacket({ ...V6, toPort: 9_999, payload: 31 }),
        make.icmpPacket({ type: 3, code: 4, value: 1_300, quoted: quoted.subarray(0, 28) }),
        make.icmpPacket({ type: 3, code: 3, quoted: quoted.subarray(0, 28) }),
        make.icmpPacket({ type: 8, value: 0x0001_0001 }),
        make.icmpPacket({
          from: "2001:db8::fe",
          to: V6.from,
          type: 2,
          value: 1_280,
          quoted: make.segment({ ...V6, payload: 1_200 }),
        }),
      ]),
    ),
  ],
  [
    "extension-headers-and-fragments",
    make.pcap(
      on(make.ethernet, [
        make.ipBytes({
          ...V6,
          protocol: 6,
          payload: make.tcpBytes({ flags: "S" }),
          extensions: [{ type: 0, bytes: eight }],
        }),
        make.ipBytes({
          ...V6,
          protocol: 6,
          payload: make.tcpBytes({ flags: "S.", payload: 5 }),
          extensions: [{ type: 60, bytes: eight }],
        }),
        make.ipBytes({ protocol: 6, payload: make.tcpBytes({ flags: "P.", payload: 5 }), options: [1, 1, 1, 0] }),
        make.ipBytes({ protocol: 17, payload: make.udpBytes({ toPort: 9_999, payload: 64 }), fragment: 0x2000 }),
        make.ipBytes({ protocol: 17, payload: new Uint8Array(64), fragment: 9 }),
      ]),
    ),
  ],
  [
    "arp",
    make.pcap([
      make.arp({ operation: 1, sender: "10.0.0.1", target: "10.0.0.9" }),
      make.arp({ operation: 2, sender: "10.0.0.9", target: "10.0.0.1" }),
    ]),
  ],
]

test("there are twenty, each with a name of its own", () => {
  expect(new Set(captures.map(([name]) => name)).size).toBe(20)
})

const needsTcpdump = requires({ tools: ["tcpdump"] })
for (const [name, file] of captures)
  needsTcpdump(`reads ${name} as tcpdump does`, () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/${name}.pcap`
    writeFileSync(path, file)
    const theirs = describeWithTcpdump(path)
    expect(theirs.length).toBeGreaterThan(1)
    expect(ourLines(file)).toEqual(theirs)
  })

/** What the kernel would run, on packets of ours: the compiled filter itself is asked. */
needsTcpdump("every filter that a form can make is taken by tcpdump, and takes what it should", () => {
  using folder = temporaryFolder()
  const path = `${folder.path}/all.pcap`
  const packets = on(make.ethernet, [
    ...both,
    make.segment({ from: "10.0.0.1", to: "10.0.0.2", toPort: 80 }),
    make.segment({ from: "10.0.0.1", to: "10.0.0.3" }),
    make.icmpPacket({ type: 3, code: 4, value: 1_300, quoted: make.segment({ payload: 1_400 }).subarray(0, 28) }),
    make.icmpPacket({ from: "2001:db8::fe", to: V6.from, type: 2, value: 1_280, quoted: make.segment({ ...V6 }) }),
    make.ipBytes({ protocol: 17, payload: new Uint8Array(64), fragment: 9 }),
  ])
  writeFileSync(path, make.pcap([...packets, make.arp({ operation: 1, sender: "10.0.0.1", target: "10.0.0.2" })]))
  const taken = (peer: string, port: number | undefined, change: Partial<TraceForm>) => {
    const tuple = { local: peer.replace(/2$/, "1"), localPort: 40_000, remote: peer, remotePort: 443 }
    const form = openForm({ peer, ...(port === undefined ? {} : { port }), side: "out", tuple }, "eth0")
    const reading = readForm({ ...form, ...change })
    if (!reading.ok) throw new Error(reading.reason)
    return describeWithTcpdump(path, reading.filter).length
  }
  // 10 packets of an exchange, and its witnesses: one ICMP error each, a fragment and an ARP for IPv4.
  expect(taken("10.0.0.2", 443, {})).toBe(10 + 3)
  expect(taken("10.0.0.2", undefined, {})).toBe(11 + 3)
  expect(taken("10.0.0.2", 443, { strategy: "syn-rst" })).toBe(5 + 2)
  expect(taken("10.0.0.2", 443, { strategy: "five-tuple" })).toBe(10 + 2)
  expect(taken("10.0.0.2", 443, { mode: "custom", clause: "greater 300" })).toBe(1 + 3)
  expect(taken("2001:db8::2", 443, {})).toBe(10 + 1)
  expect(taken("2001:db8::2", undefined, {})).toBe(10 + 1)
  expect(taken("2001:db8::2", 443, { strategy: "syn-rst" })).toBe(5 + 1)
  expect(taken("2001:db8::2", 443, { strategy: "five-tuple" })).toBe(10 + 1)
  expect(taken("2001:db8::2", 443, { gateway: "fe80::1", protocol: "tcp" })).toBe(10 + 1)
})
