import { describe, expect, test } from "bun:test"
import { formatAddress, formatEndpoint } from "../../../src/core/wire/address.ts"
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
  writeSocketDump,
} from "../../../src/core/wire/inet-diag.ts"
import { readDatagram } from "../../../src/core/wire/message.ts"
import { readCapture } from "../../captures.ts"

/** Four bytes a group, zero groups at the end counted. */
function hex(bytes: Uint8Array): string {
  const groups = bytes.toHex().match(/.{1,8}/g) ?? []
  const zeros = groups.length - 1 - groups.findLastIndex((group) => /[^0]/.test(group))
  return `${groups.slice(0, groups.length - zeros).join(" ")} + ${zeros * 4} zero bytes`
}

describe("requests", () => {
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
