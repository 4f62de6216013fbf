import { describe, expect, test } from "bun:test"
import { interfaceCounters } from "../../../src/core/sample/interface-counters.ts"
import { formatAddress } from "../../../src/core/wire/address.ts"
import { DecodeError } from "../../../src/core/wire/codec.ts"
import { bodyAt } from "../../../src/core/wire/inet-diag.ts"
import { datagram, readDatagram } from "../../../src/core/wire/message.ts"
import {
  readAddressMessage,
  readLinkMessage,
  readRouteMessage,
  writeAddressDump,
  writeLinkDump,
  writeLinkRequest,
  writeRouteRequest,
} from "../../../src/core/wire/rtnetlink.ts"

/** The bodies of the messages in a capture, and how the kernel ended it. */
async function capture(name: string) {
  const file = Bun.file(`${import.meta.dir}/../../fixtures/rtnetlink/linux-6.18/${name}`)
  const data = datagram(new Uint8Array(await file.arrayBuffer()))
  const bodies: Uint8Array[] = []
  const expected = { sequence: 1, portId: data.words[3]! }
  const end = readDatagram(data, data.bytes.length, expected, (at, to) => {
    bodies.push(data.bytes.slice(bodyAt(at), to))
  })
  return { bodies, end }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").replace(/.{8}/g, "$& ").trim()

describe("links", () => {
  test("reads one link with its counters, ended by the acknowledgement", async () => {
    const { bodies, end } = await capture("link.bin")
    expect(end.kind).toBe("done")
    expect(bodies.map(readLinkMessage)).toEqual([
      {
        family: 0,
        hardwareType: 1,
        index: 3,
        flags: 0x11043,
        change: 0,
        name: "va",
        mtu: 1500,
        hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, 0x0a),
        statistics: {
          rxBytes: 0,
          txBytes: 364,
          rxPackets: 0,
          txPackets: 5,
          rxErrors: 0,
          txErrors: 0,
          rxDropped: 0,
          txDropped: 0,
          rxCrcErrors: 0,
          rxFifoErrors: 0,
          rxMissedErrors: 0,
        },
        carrierChanges: 2,
      },
    ])
  })

  test("an interface that does not exist is refused with ENODEV", async () => {
    const { bodies, end } = await capture("link-absent.bin")
    expect(bodies).toEqual([])
    expect(end).toMatchObject({ kind: "refused", errno: 19 })
  })

  test("lists links in one dump", async () => {
    const { bodies, end } = await capture("links.bin")
    expect(end.kind).toBe("done")
    expect(bodies.map(readLinkMessage).map(({ index, name }) => `${index} ${name}`)).toEqual(["1 lo", "2 vb", "3 va"])
  })

  test("a list without counters gives no interface counters", async () => {
    const { bodies } = await capture("links.bin")
    for (const body of bodies) {
      const { statistics: _, ...rest } = readLinkMessage(body)
      expect(interfaceCounters("va", rest, undefined)).toBeUndefined()
    }
    const [link] = (await capture("link.bin")).bodies.map(readLinkMessage)
    expect(interfaceCounters("va", link!, 1e9)).toMatchObject({ name: "va", txBytes: 364, speedBitsPerSecond: 1e9 })
    expect(interfaceCounters("va", link!, undefined)).not.toHaveProperty("speedBitsPerSecond")
  })

  test("every prefix of a link is read or refused with a DecodeError", async () => {
    const [body] = (await capture("link.bin")).bodies
    for (let length = 0; length < body!.length; length++) {
      try {
        readLinkMessage(body!.slice(0, length))
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }
  })
})

test("lists addresses; the near end of a point-to-point link is IFA_LOCAL", async () => {
  const { bodies, end } = await capture("addresses.bin")
  expect(end.kind).toBe("done")
  const rows = bodies.map((body) => {
    const { index, prefixLength, local, address } = readAddressMessage(body)!
    return `${index} ${formatAddress((local ?? address)!)}/${prefixLength} ${formatAddress(address!)}`
  })
  expect(rows).toEqual([
    "1 127.0.0.1/8 127.0.0.1",
    "2 198.51.100.1/32 198.51.100.2",
    "3 192.0.2.1/24 192.0.2.1",
    "1 ::1/128 ::1",
    "3 2001:db8::1/64 2001:db8::1",
    "3 fe80::ff:fe00:a/64 fe80::ff:fe00:a",
  ])
})

test("an address of another family is none of ours", () => {
  expect(readAddressMessage(Uint8Array.of(45, 8, 0, 0, 1, 0, 0, 0))).toBeUndefined()
  expect(() => readAddressMessage(Uint8Array.of(2, 8, 0, 0, 1, 0, 0, 0, 7, 0, 1, 0, 9, 9, 9, 0))).toThrow(
    "address.address: expected 4 or 16 bytes, got 3",
  )
})

// Byte for byte under the command that means the same.
describe("requests", () => {
  test("ip -s link show dev va", () => {
    expect(hex(writeLinkRequest({ name: "va", sequence: 7 }))).toMatchInlineSnapshot(
      `"28000000 12000500 07000000 00000000 00000000 00000000 00000000 00000000 07000300 76610000"`,
    )
  })
  test("ip link show", () => {
    expect(hex(writeLinkDump({ sequence: 7 }))).toMatchInlineSnapshot(
      `"28000000 12000103 07000000 00000000 00000000 00000000 00000000 00000000 08001d00 08000000"`,
    )
  })
  test("ip address show", () => {
    expect(hex(writeAddressDump({ sequence: 7 }))).toMatchInlineSnapshot(
      `"18000000 16000103 07000000 00000000 00000000 00000000"`,
    )
  })
})

describe("routes", () => {
  test("asks as ip route get does", () => {
    // ip route get 10.77.2.2, without the flags and marks that it adds
    expect(hex(writeRouteRequest({ target: Uint8Array.of(10, 77, 2, 2), sequence: 7 }))).toBe(
      "24000000 1a000500 07000000 00000000 02200000 00000000 00000000 08000100 0a4d0202",
    )
  })

  test("reads interface, next hop and source, and which addresses are our own", () => {
    const attribute = (type: number, ...value: number[]) => [4 + value.length, 0, type, 0, ...value]
    const body = (type: number) =>
      Uint8Array.from([
        2,
        32,
        0,
        0,
        254,
        0,
        0,
        type,
        0,
        0,
        0,
        0,
        ...attribute(1, 10, 77, 2, 2),
        ...attribute(4, 3, 0, 0, 0),
        ...attribute(5, 10, 77, 1, 254),
      ])
    expect(readRouteMessage(body(1))).toEqual({
      isLocal: false,
      target: Uint8Array.of(10, 77, 2, 2),
      interfaceIndex: 3,
      gateway: Uint8Array.of(10, 77, 1, 254),
    })
    expect(readRouteMessage(body(2)).isLocal).toBe(true)
    expect(() => readRouteMessage(body(1).subarray(0, 8))).toThrow(DecodeError)
  })
})
