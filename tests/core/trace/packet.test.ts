import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { addressText } from "../../../src/core/trace/address-text.ts"
import { readDns } from "../../../src/core/trace/dns.ts"
import { createPacketReader, formatFlags, type Packet } from "../../../src/core/trace/packet.ts"
import { packetLayers } from "../../../src/core/trace/packet-text.ts"
import { readServerName } from "../../../src/core/trace/tls.ts"
import * as make from "../../support/packets.ts"

const { linkTypes } = make

function read(
  bytes: Uint8Array,
  linkType: number = linkTypes.ethernet,
  wireLength = bytes.length,
): Packet & { quoted: Packet } {
  const reader = createPacketReader()
  return { ...reader.read(bytes, 0, bytes.length, linkType, wireLength), quoted: reader.quoted }
}

const ends = (p: Packet) => `${addressText(p.source)}:${p.sourcePort} > ${addressText(p.target)}:${p.targetPort}`
const V6 = { from: "2001:db8::1", to: "2001:db8::2" }

describe("links", () => {
  const syn = make.segment({ flags: "S" })
  const syn6 = make.segment({ ...V6, flags: "S" })
  test.each<readonly [string, Uint8Array, number]>([
    ["Ethernet", make.ethernet(syn), linkTypes.ethernet],
    ["one VLAN", make.ethernet(syn, { vlans: [100] }), linkTypes.ethernet],
    ["two VLANs", make.ethernet(syn, { vlans: [100, 200] }), linkTypes.ethernet],
    ["cooked v1", make.cooked(syn), linkTypes.cooked],
    ["cooked v2", make.cooked2(syn), linkTypes.cooked2],
    ["raw", syn, linkTypes.raw],
    ["raw by the number of BSD", syn, 12],
    ["IPv4", syn, linkTypes.ipv4],
    ["BSD loopback, little-endian", make.bytesOf([2, 0, 0, 0], syn), linkTypes.null],
    ["BSD loopback, big-endian", make.bytesOf([0, 0, 0, 2], syn), linkTypes.null],
    ["OpenBSD loopback", make.bytesOf([0, 0, 0, 2], syn), linkTypes.loop],
  ])("%s", (_, bytes, linkType) => {
    const p = read(bytes, linkType)
    expect([p.kind, ends(p), formatFlags(p.flags)]).toEqual(["tcp", "10.0.0.1:40000 > 10.0.0.2:443", "[S]"])
    expect([p.isCut, p.isMalformed]).toEqual([false, false])
  })

  test.each<readonly [string, Uint8Array, number]>([
    ["Ethernet", make.ethernet(syn6), linkTypes.ethernet],
    ["cooked v1", make.cooked(syn6), linkTypes.cooked],
    ["cooked v2", make.cooked2(syn6), linkTypes.cooked2],
    ["raw", syn6, linkTypes.raw],
    ["IPv6", syn6, linkTypes.ipv6],
    ["BSD loopback of Linux", make.bytesOf([10, 0, 0, 0], syn6), linkTypes.null],
    ["BSD loopback of macOS", make.bytesOf([30, 0, 0, 0], syn6), linkTypes.null],
  ])("IPv6 in %s", (_, bytes, linkType) => {
    expect(ends(read(bytes, linkType))).toBe("2001:db8::1:40000 > 2001:db8::2:443")
  })

  test("VLAN, interface and direction are told", () => {
    expect(read(make.ethernet(syn, { vlans: [100, 200] })).vlan).toBe(200)
    expect(read(make.cooked2(syn, 7, 4), linkTypes.cooked2)).toMatchObject({ interfaceIndex: 7, packetType: 4 })
    expect(read(make.cooked(syn, 4), linkTypes.cooked)).toMatchObject({ interfaceIndex: 0, packetType: 4 })
  })

  test("too many VLANs are malformed, and an unknown link is only counted", () => {
    expect(read(make.ethernet(syn, { vlans: new Array(9).fill(1) })).isMalformed).toBe(true)
    expect(read(syn, 127)).toMatchObject({ kind: "other", family: 0, isMalformed: false })
  })
})

describe("IP", () => {
  test("a padded frame ends where IP says", () => {
    const p = read(make.bytesOf(make.ethernet(make.segment({ flags: "." })), new Uint8Array(6)))
    expect([p.payloadLength, p.isMalformed]).toEqual([0, false])
  })

  test("options of IPv4 are stepped over", () => {
    const p = read(
      make.ipBytes({ protocol: 6, payload: make.tcpBytes({ flags: "S", payload: 3 }), options: [1, 1, 1, 0] }),
      linkTypes.raw,
    )
    expect([p.kind, p.payloadLength]).toEqual(["tcp", 3])
  })

  test("length 0 stands for a segment that the device cuts up", () => {
    const bytes = make.segment({ payload: 100 })
    bytes[2] = 0
    bytes[3] = 0
    expect(read(bytes, linkTypes.raw).payloadLength).toBe(100)
  })

  test("behind the first fragment there are no ports", () => {
    const later = read(
      make.ipBytes({ protocol: 17, payload: new Uint8Array(24), fragment: 0x2000 | 185 }),
      linkTypes.raw,
    )
    expect(later).toMatchObject({
      kind: "ip",
      protocol: 17,
      fragmentOffset: 1480,
      hasMoreFragments: true,
      sourcePort: 0,
    })
    const first = read(
      make.ipBytes({ protocol: 17, payload: make.udpBytes({ payload: 24 }), fragment: 0x2000 }),
      linkTypes.raw,
    )
    expect(first).toMatchObject({ kind: "udp", sourcePort: 40000, isMalformed: false })
  })

  test("extension headers of IPv6 are walked", () => {
    const eight = [0, 0, 1, 4, 0, 0, 0, 0]
    const extensions = [
      { type: 0, bytes: eight },
      { type: 43, bytes: [0, 1, ...new Array<number>(14).fill(0)] },
      { type: 60, bytes: eight },
      { type: 51, bytes: [0, 4, ...new Array<number>(22).fill(0)] },
    ]
    const p = read(
      make.ipBytes({ ...V6, protocol: 6, payload: make.tcpBytes({ flags: "S.", payload: 9 }), extensions }),
      linkTypes.raw,
    )
    expect([p.kind, formatFlags(p.flags), p.payloadLength]).toEqual(["tcp", "[S.]", 9])
  })

  test("fragments of IPv6", () => {
    const fragment = (offset: number) => [{ type: 44, bytes: [0, 0, offset >> 8, offset & 255, 0, 0, 0, 9] }]
    const first = read(
      make.ipBytes({ ...V6, protocol: 17, payload: make.udpBytes({ payload: 24 }), extensions: fragment(1) }),
      linkTypes.raw,
    )
    expect(first).toMatchObject({ kind: "udp", hasMoreFragments: true, identification: 9 })
    const later = read(
      make.ipBytes({ ...V6, protocol: 17, payload: new Uint8Array(8), extensions: fragment(1232) }),
      linkTypes.raw,
    )
    expect(later).toMatchObject({ kind: "ip", protocol: 17, fragmentOffset: 1232, sourcePort: 0 })
  })

  test("an endless chain of headers is malformed", () => {
    const extensions = new Array(33).fill({ type: 60, bytes: [0, 0, 0, 0, 0, 0, 0, 0] })
    expect(
      read(make.ipBytes({ ...V6, protocol: 6, payload: make.tcpBytes({}), extensions }), linkTypes.raw).isMalformed,
    ).toBe(true)
  })
})

describe("TCP", () => {
  test("options", () => {
    const options = [...make.mss(1460), ...make.windowScale(7), 4, 2, ...make.timestamps(111, 222)]
    expect(read(make.segment({ flags: "S", options }), linkTypes.raw)).toMatchObject({
      mss: 1460,
      windowScale: 7,
      isSackPermitted: true,
      timestamp: 111,
      timestampEcho: 222,
    })
    const p = read(make.segment({ options: make.sack(1000, 2000) }), linkTypes.raw)
    expect([p.sackCount, p.sack[0], p.sack[1]]).toEqual([1, 1000, 2000])
  })

  test.each([
    ["S", "[S]"],
    ["S.", "[S.]"],
    [".", "[.]"],
    ["P.", "[P.]"],
    ["F.", "[F.]"],
    ["FP.", "[FP.]"],
    ["R", "[R]"],
    ["R.", "[R.]"],
    ["SEW", "[SEW]"],
    ["S.E", "[S.E]"],
    ["", "[none]"],
  ])("flags %s", (flags, text) => {
    expect(formatFlags(read(make.segment({ flags }), linkTypes.raw).flags)).toBe(text)
  })

  test("a segment that was cut keeps the length it had", () => {
    const whole = make.segment({ payload: 1_000, options: make.timestamps(1, 2) })
    const p = read(whole.subarray(0, 60), linkTypes.raw, whole.length)
    expect([p.payloadLength, p.isCut, p.isMalformed, p.payloadEnd - p.payloadAt]).toEqual([1_000, false, false, 8])
    expect(read(whole.subarray(0, 36), linkTypes.raw, whole.length)).toMatchObject({ kind: "ip", isCut: true })
    expect(read(whole.subarray(0, 44), linkTypes.raw, whole.length)).toMatchObject({ kind: "tcp", isCut: true })
  })

  test("a header longer than its packet is malformed", () => {
    const bytes = make.segment({})
    bytes[20 + 12] = 0xf0
    expect(read(bytes, linkTypes.raw).isMalformed).toBe(true)
  })
})

describe("what quotes another packet", () => {
  const lost = make.segment({ flags: "P.", payload: 1_400, seq: 77 })
  test("ICMP fragmentation needed", () => {
    const p = read(make.icmpPacket({ type: 3, code: 4, value: 1_300, quoted: lost.subarray(0, 28) }), linkTypes.raw)
    expect(p).toMatchObject({
      kind: "icmp",
      icmpType: 3,
      icmpCode: 4,
      icmpValue: 1_300,
      hasQuoted: true,
      isMalformed: false,
    })
    expect([ends(p.quoted), p.quoted.seq]).toEqual(["10.0.0.1:40000 > 10.0.0.2:443", 77])
  })

  test("ICMPv6 packet too big", () => {
    const quoted = make.segment({ ...V6, payload: 1_400 })
    const p = read(make.icmpPacket({ from: "2001:db8::fe", to: V6.from, type: 2, value: 1_280, quoted }), linkTypes.raw)
    expect(p).toMatchObject({ kind: "icmp6", icmpValue: 1_280, hasQuoted: true })
    expect(ends(p.quoted)).toBe("2001:db8::1:40000 > 2001:db8::2:443")
  })

  test("an error that quotes an error goes one level deep", () => {
    const inner = make.icmpPacket({ type: 3, code: 1, quoted: lost })
    const p = read(make.icmpPacket({ type: 3, code: 1, quoted: inner }), linkTypes.raw)
    expect([p.hasQuoted, p.quoted.kind, p.quoted.hasQuoted]).toEqual([true, "icmp", false])
  })
})

test("ARP", () => {
  const p = read(make.arp({ operation: 1, sender: "10.0.0.1", target: "10.0.0.9" }))
  expect([p.kind, p.arpOperation, addressText(p.source), addressText(p.target)]).toEqual([
    "arp",
    1,
    "10.0.0.1",
    "10.0.0.9",
  ])
})

describe("names", () => {
  const query = (name: string, flags = 0x0100) =>
    make.bytesOf(
      [0x12, 0x34, flags >> 8, flags & 255, 0, 1, 0, 0, 0, 0, 0, 0],
      ...name.split(".").flatMap((label) => [label.length, new TextEncoder().encode(label)]),
      [0, 0, 28, 0, 1],
    )

  test("a question, and the code of an answer", () => {
    const bytes = query("example.test")
    expect(readDns(bytes, 0, bytes.length)).toMatchObject({
      id: 0x1234,
      isResponse: false,
      name: "example.test",
      type: "AAAA",
    })
    const answer = query("example.test", 0x8183)
    expect(readDns(answer, 0, answer.length)).toMatchObject({ isResponse: true, rcode: 3 })
  })

  test("a message that was cut keeps its header", () => {
    const bytes = query("example.test")
    const message = readDns(bytes, 0, 18)
    expect(message).toMatchObject({ id: 0x1234 })
    expect(message).not.toHaveProperty("name")
  })

  test("a name that points at itself is none", () => {
    const bytes = make.bytesOf([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1])
    expect(readDns(bytes, 0, bytes.length)).not.toHaveProperty("name")
  })

  test("the server's name in a ClientHello", () => {
    const name = new TextEncoder().encode("www.example.test")
    const sni = [0, 0, 0, name.length + 5, 0, name.length + 3, 0, 0, name.length]
    const extensions = [0, 10, 0, 4, 0, 2, 0, 29, ...sni, ...name]
    const body = [3, 3, ...new Array<number>(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0, 0, extensions.length, ...extensions]
    const hello = make.bytesOf([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length], body)
    expect(readServerName(hello, 0, hello.length)).toBe("www.example.test")
    for (let end = 0; end < hello.length; end++) expect(readServerName(hello, 0, end)).toBeUndefined()
  })
})

test("the layers of one packet", () => {
  const bytes = make.ethernet(make.segment({ flags: "S", options: make.mss(1460) }), { vlans: [7] })
  const layers = packetLayers(bytes, { linkType: 1, wireLength: bytes.length })
  expect(layers.map(({ name }) => name)).toEqual(["Ethernet", "IPv4", "TCP"])
  expect(Object.fromEntries(layers.flatMap(({ fields }) => fields))).toMatchObject({
    vlan: "7",
    flags: "[S]",
    mss: "1460",
    source: "10.0.0.1",
  })
})

describe("whatever the bytes are", () => {
  const good = [
    make.ethernet(make.segment({ flags: "S", options: [...make.mss(1460), ...make.timestamps(1, 2)], payload: 20 })),
    make.ethernet(make.segment({ ...V6, payload: 20 }), { vlans: [1, 2] }),
    make.ethernet(make.icmpPacket({ type: 3, code: 4, value: 1300, quoted: make.segment({ payload: 20 }) })),
    make.ethernet(make.icmpPacket({ from: "fe80::1", to: "fe80::2", type: 1, quoted: make.segment({ ...V6 }) })),
    make.ethernet(
      make.ipBytes({
        ...V6,
        protocol: 6,
        payload: make.tcpBytes({}),
        extensions: [{ type: 0, bytes: [0, 0, 0, 0, 0, 0, 0, 0] }],
      }),
    ),
    make.ethernet(make.datagramPacket({ payload: 40 })),
    make.arp({ operation: 1, sender: "10.0.0.1", target: "10.0.0.9" }),
    make.cooked2(make.segment({})),
  ]
  const changes = fc.array(fc.tuple(fc.nat(160), fc.integer({ min: 0, max: 255 })), { maxLength: 10 })
  const types = fc.constantFrom(...Object.values(linkTypes), 12, 14, 127)

  /** An array that tells when anything outside `start`…`end` is looked at. */
  function guarded(bytes: Uint8Array, start: number, end: number): { view: Uint8Array; outside: number[] } {
    const outside: number[] = []
    const view = new Proxy(bytes, {
      get(target, key) {
        const at = typeof key === "string" && /^-?\d+$/.test(key) ? Number(key) : undefined
        if (at !== undefined && (at < start || at >= end)) outside.push(at)
        const value = Reflect.get(target, key, target)
        return typeof value === "function" ? value.bind(target) : value
      },
    })
    return { view, outside }
  }

  test("nothing outside the packet is read, and every offset stays inside", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        changes,
        types,
        fc.nat(160),
        fc.nat(200),
        (packet, edits, linkType, length, extra) => {
          const bytes = make.bytesOf(
            new Uint8Array(8).fill(0x45),
            packet.slice(0, length),
            new Uint8Array(8).fill(0x45),
          )
          const start = 8
          const end = bytes.length - 8
          for (const [at, value] of edits) if (start + at < end) bytes[start + at] = value
          const { view, outside } = guarded(bytes, start, end)
          const reader = createPacketReader()
          const p = reader.read(view, start, end, linkType, end - start + extra)
          expect(outside).toEqual([])
          expect(p.payloadAt).toBeLessThanOrEqual(end)
          expect(p.payloadEnd).toBeLessThanOrEqual(end)
          expect(p.transportAt).toBeLessThanOrEqual(end)
          expect(p.payloadLength).toBeGreaterThanOrEqual(0)
          readServerName(view, p.payloadAt, p.payloadEnd)
          expect(outside).toEqual([])
          readDns(bytes, p.payloadAt, p.payloadEnd)
          packetLayers(bytes.slice(start, end), { linkType, wireLength: end - start + extra })
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
