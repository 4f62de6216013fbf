import { describe, expect, test } from "bun:test"
import { formatAddress, formatEndpoint, parseAddress } from "../../../src/core/wire/address.ts"
import { concat } from "../../../src/core/wire/codec.ts"
import {
  AF_INET,
  AF_INET6,
  bodyAt,
  diagAttributes,
  diagMessage,
  IPPROTO_TCP,
  readSocketMessage,
  type SocketMessage,
  tcpStates,
  writeSocketDestroy,
  writeSocketDump,
} from "../../../src/core/wire/inet-diag.ts"
import { readDatagram } from "../../../src/core/wire/message.ts"
import { readCapture } from "../../support/captures.ts"

/** Four bytes a group, zero groups at the end counted. */
function hex(bytes: Uint8Array): string {
  const groups = bytes.toHex().match(/.{1,8}/g) ?? []
  const zeros = groups.length - 1 - groups.findLastIndex((group) => /[^0]/.test(group))
  return `${groups.slice(0, groups.length - zeros).join(" ")} + ${zeros * 4} zero bytes`
}

describe("requests", () => {
  const filtered = (family: number, peer: string, localPort: number) => {
    const address = parseAddress(peer)!
    const filter = { localPort, peer: { address, prefixLength: address.length * 8 } }
    return hex(writeSocketDump({ family, protocol: IPPROTO_TCP, sequence: 1, isBare: true, filter }).subarray(72))
  }
  test("ss -4 -tan dst 127.0.1.2 sport = :18080", () => {
    expect(filtered(AF_INET, "127.0.1.2", 18080)).toBe(
      "1c000100 0b081c00 0000a046 08101400 02200000 ffffffff 7f000102 + 0 zero bytes",
    )
  })
  test("ss -6 -tan dst 2001:db8::1 sport = :443", () => {
    expect(filtered(AF_INET6, "2001:db8::1", 443)).toBe(
      "28000100 0b082800 0000bb01 081c2000 0a800000 ffffffff 20010db8 00000000 00000000 00000001 + 0 zero bytes",
    )
  })
  test("ss -4 -tan 'sport = :80 or dport = :80'", () => {
    const filter = { eitherPort: 80 }
    const bytes = writeSocketDump({ family: AF_INET, protocol: IPPROTO_TCP, sequence: 1, isBare: true, filter })
    expect(hex(bytes.subarray(72))).toBe("18000100 0b080c00 00005000 01040c00 0c080c00 00005000 + 0 zero bytes")
  })

  const named = {
    family: AF_INET,
    protocol: IPPROTO_TCP,
    localPort: 22,
    remotePort: 50001,
    localAddress: Uint8Array.of(10, 0, 0, 1, ...new Uint8Array(12)),
    remoteAddress: Uint8Array.of(10, 0, 0, 2, ...new Uint8Array(12)),
    interface: 0,
    cookie: 0x11223344n,
    sequence: 1,
  }
  test("ss -K src 10.0.0.1:22 dst 10.0.0.2:50001", () => {
    expect(hex(writeSocketDestroy(named))).toBe(
      "48000000 15000500 01000000 00000000 02060000 00000000 0016c351 0a000001 00000000 00000000 00000000 0a000002 " +
        "00000000 00000000 00000000 00000000 44332211 + 4 zero bytes",
    )
  })
  test("nothing is destroyed without a cookie: the kernel would take the listener", () => {
    expect(() => writeSocketDestroy({ ...named, cookie: 0xffff_ffff_ffff_ffffn })).toThrow("by its cookie only")
    expect(() => writeSocketDestroy({ ...named, cookie: 0n })).toThrow("by its cookie only")
  })

  // Against `ss -tani` the extensions are INFO and SKMEMINFO (0x42, not 0x02), and the states are 1 to 12 (0x1ffe, not
  // 0x0fff): state 0 does not exist and NEW_SYN_RECV (12) does.
  test("ss -4 -tanmi", () => {
    expect(hex(writeSocketDump({ family: AF_INET, protocol: IPPROTO_TCP, sequence: 1 }))).toBe(
      "48000000 14000103 01000000 00000000 02064200 fe1f0000 + 48 zero bytes",
    )
  })
  test("ss -6 -tanmi", () => {
    expect(hex(writeSocketDump({ family: AF_INET6, protocol: IPPROTO_TCP, sequence: 0x01020304 }))).toBe(
      "48000000 14000103 04030201 00000000 0a064200 fe1f0000 + 48 zero bytes",
    )
  })
})

function messages(name: string): SocketMessage[] {
  const found: SocketMessage[] = []
  for (const { data, length, expected } of readCapture(name)) {
    const progress = readDatagram(data, length, expected, (at, end) =>
      found.push(readSocketMessage(data.bytes.subarray(bodyAt(at), end))),
    )
    expect(progress.kind).toBeOneOf(["more", "done"])
  }
  return found
}

const length = (message: SocketMessage) => (message.family === AF_INET ? 4 : 16)
const end = (address: Uint8Array, port: number, message: SocketMessage) =>
  formatEndpoint(formatAddress(address.slice(0, length(message))), port)

test("the small world, as ss showed it (fixtures/wire/small-world.md)", () => {
  const lines = messages("small-world").map((message) =>
    [
      tcpStates[message.state as keyof typeof tcpStates],
      end(message.localAddress, message.localPort, message),
      end(message.remoteAddress, message.remotePort, message),
      `queues ${message.receiveQueue}/${message.sendQueue}`,
      message.info === undefined
        ? "no info"
        : `acked ${message.info.bytesAcked} received ${message.info.bytesReceived}`,
      message.memory === undefined ? "no memory" : `buffer ${message.memory.receiveBuffer}`,
      ...(message.interface === 0 ? [] : [`device ${message.interface}`]),
      ...(message.inode === 0 ? ["nobody's"] : []),
      ...(message.v6Only === 1 ? ["v6only"] : []),
    ].join(" "),
  )
  expect(lines).toMatchInlineSnapshot(`
    [
      "LISTEN 127.0.0.1:8006 0.0.0.0:0 queues 0/4096 acked 0 received 0 buffer 131072 device 1",
      "LISTEN 127.0.0.1:8001 0.0.0.0:0 queues 0/512 acked 0 received 0 buffer 131072",
      "LISTEN 0.0.0.0:8005 0.0.0.0:0 queues 0/512 acked 0 received 0 buffer 131072",
      "ESTABLISHED 127.0.0.1:8006 127.0.0.1:49396 queues 0/0 acked 0 received 0 buffer 131072 device 1",
      "ESTABLISHED 127.0.0.1:49396 127.0.0.1:8006 queues 0/0 acked 1 received 0 buffer 131072",
      "ESTABLISHED 10.9.9.1:8005 10.9.9.1:38562 queues 95232/0 acked 0 received 223205 buffer 131072",
      "FIN_WAIT2 127.0.0.1:44000 127.0.0.1:8005 queues 0/0 acked 2 received 0 buffer 131072",
      "TIME_WAIT 127.0.0.1:44016 127.0.0.1:8005 queues 0/0 no info no memory nobody's",
      "SYN_RECV 10.9.9.1:8005 10.9.9.3:40000 queues 0/0 no info no memory nobody's",
      "CLOSE_WAIT 127.0.0.1:8005 127.0.0.1:44000 queues 0/0 acked 0 received 1 buffer 131072",
      "ESTABLISHED 127.0.0.1:8001 127.0.0.1:36144 queues 0/0 acked 0 received 1234567 buffer 1864135",
      "ESTABLISHED 127.0.0.1:36144 127.0.0.1:8001 queues 0/0 acked 1234568 received 0 buffer 131072",
      "SYN_SENT 10.9.9.1:35418 10.9.9.2:9 queues 0/1 acked 0 received 0 buffer 131072",
      "ESTABLISHED 10.9.9.1:38562 10.9.9.1:8005 queues 0/3791494 acked 127974 received 0 buffer 131072",
      "ESTABLISHED 127.0.0.1:40620 127.0.0.1:8003 queues 0/0 acked 1 received 0 buffer 131072",
      "LISTEN [::]:8003 [::]:0 queues 0/512 acked 0 received 0 buffer 131072",
      "LISTEN [::]:8004 [::]:0 queues 0/512 acked 0 received 0 buffer 131072 v6only",
      "ESTABLISHED 127.0.0.1:8003 127.0.0.1:40620 queues 0/0 acked 0 received 0 buffer 131072",
      "ESTABLISHED [fe80::1]:58272 [fe80::1]:8003 queues 0/0 acked 1 received 0 buffer 131072 device 3",
      "ESTABLISHED [::1]:8003 [::1]:43968 queues 0/0 acked 0 received 0 buffer 131072",
      "ESTABLISHED [::1]:43968 [::1]:8003 queues 0/0 acked 1 received 0 buffer 131072",
      "ESTABLISHED [fe80::1]:8003 [fe80::1]:58272 queues 0/0 acked 0 received 0 buffer 131072 device 3",
      "ESTABLISHED [::1]:53528 [::1]:8004 queues 0/0 acked 1 received 0 buffer 131072",
      "ESTABLISHED [::1]:8004 [::1]:53528 queues 0/0 acked 0 received 0 buffer 131072",
    ]
  `)
})

test("the cookie is the socket's number in ss -e", () => {
  expect(
    messages("small-world")
      .map(({ cookie }) => cookie.toString(16))
      .slice(0, 3),
  ).toMatchInlineSnapshot(`
    [
      "27",
      "1006",
      "1007",
    ]
  `)
})

test("every captured row is written as it was read", () => {
  for (const message of messages("small-world")) {
    const bytes = concat([diagMessage.write(message), diagAttributes.write(message)])
    expect(readSocketMessage(bytes)).toEqual(message)
  }
})
