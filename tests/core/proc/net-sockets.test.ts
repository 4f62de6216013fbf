import { expect, test } from "bun:test"
import { hostnameIn } from "../../../src/core/proc/hostname.ts"
import { parseNetSockets } from "../../../src/core/proc/net-sockets.ts"

// /proc/net/tcp and tcp6 of Linux 6.18, with `nc -l -p 80` and a connection to it.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1531 1 0000000009f61af8 100 0 0 10 0                      
   1: 0100007F:0050 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 1532 1 0000000009f61af8 20 4 30 10 -1                     
   2: 0100007F:D431 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 1533 1 0000000009f61af8 20 4 30 10 -1                     
   3: 0100007F:0051 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1534 1 0000000009f61af8 100 0 0 10 0                      
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000100007F:D431 06 00000000:00000000 03:00000F6B 00000000     0        0 0 3 0000000009f61af8
   1: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0000000009f61af8 100 0 0 10 0
`

test("rows that have the port at either end, with addresses as they lie in memory", () => {
  expect(parseNetSockets(tcp, 80).map(({ inode, state, uid, localPort }) => [inode, state, uid, localPort])).toEqual([
    [1531, 10, 1000, 80],
    [1532, 1, 0, 80],
    [1533, 1, 0, 0xd431],
  ])
  const [mapped, listener] = parseNetSockets(tcp6, 80)
  expect([mapped!.localAddress, mapped!.state, mapped!.inode]).toEqual([[0, 0, 0xffff0000, 0x0100007f], 6, 0])
  // 2001:db8::1
  expect([...new Uint8Array(Uint32Array.from(listener!.localAddress).buffer)]).toEqual([
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
  ])
})

test.each([
  "",
  "what",
  "   0: 00000000:0050 ",
  tcp.replaceAll("00000000:0050", "0000:0050"),
  `${tcp.slice(0, 200)}\0:0050 `,
])("broken text %# holds no row that it does not tell whole", (text) =>
  expect(parseNetSockets(text, 80).every(({ inode }) => Number.isInteger(inode))).toBe(true),
)

test("a port that begins like another is another", () => {
  expect(parseNetSockets(tcp, 8)).toEqual([])
})

test.each([
  ["PATH=/bin\0HOSTNAME=web-0\0HOME=/\0", "web-0"],
  ["HOSTNAME=\0HOSTNAME=web-0\0", undefined],
  ["XHOSTNAME=web-0\0", undefined],
  ["HOSTNAME=Not A Name\0", undefined],
  ["HOSTNAME=web\x1b[2J\0", undefined],
  ["", undefined],
])("the host name in %j is %p", (environ, name) => expect(hostnameIn(environ)).toBe(name as string))
