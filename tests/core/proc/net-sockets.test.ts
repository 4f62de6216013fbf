import { expect, test } from "bun:test"
import { hostnameIn } from "../../../src/core/proc/hostname.ts"
import { type NetSocket, parseNetSockets } from "../../../src/core/proc/net-sockets.ts"

// Linux 6.18, in an empty network namespace: listeners on [::]:80 and 127.0.0.1:81, one connection to the first, another
// that has ended, and a UDP socket on 0.0.0.0:80. Each file begins with a heading.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:0051 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 37113953 1 000000006276cd9c 100 0 0 10 0                  
   1: 0100007F:BB82 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 37113954 2 0000000077bf052a 20 0 0 10 -1                  
`
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 37113952 1 00000000afb37f59 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000100007F:BB82 01 00000000:00000000 00:00000000 00000000     0        0 37113955 1 000000004c13d250 20 0 0 10 -1
   2: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000100007F:BB90 06 00000000:00000000 03:00001759 00000000     0        0 0 3 000000005f3557a9
`
const udp = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            
12272: 00000000:0050 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 37113958 2 00000000d4dab4d8 0      
`

const bytes = (words: readonly number[]) => [...new Uint8Array(Uint32Array.from(words).buffer)].join(".")
const told = ({ localAddress, localPort, remoteAddress, remotePort, state, inode }: NetSocket) =>
  `${bytes(localAddress.slice(3))}:${localPort} ${bytes(remoteAddress.slice(3))}:${remotePort} ${state} ${inode}`

test("rows that have the port at either end", () => {
  expect(parseNetSockets(tcp, 80).map(told)).toEqual(["127.0.0.1:48002 127.0.0.1:80 1 37113954"])
  expect(parseNetSockets(tcp6, 80).map(told)).toEqual([
    "0.0.0.0:80 0.0.0.0:0 10 37113952",
    "127.0.0.1:80 127.0.0.1:48002 1 37113955",
    "127.0.0.1:80 127.0.0.1:48016 6 0",
  ])
  expect(parseNetSockets(udp, 80).map(told)).toEqual(["0.0.0.0:80 0.0.0.0:0 7 37113958"])
  expect(parseNetSockets(tcp, 8)).toEqual([])
})

test("addresses lie as they do in memory, and IPv4 has one spelling in both files", () => {
  const [plain] = parseNetSockets(tcp, 81)
  const [, mapped] = parseNetSockets(tcp6, 80)
  expect(bytes(plain!.localAddress)).toBe("0.0.0.0.0.0.0.0.0.0.255.255.127.0.0.1")
  expect(mapped!.localAddress).toEqual(plain!.localAddress)
})

test("the user and the inode are those of the row", () => {
  const [socket] = parseNetSockets(udp.replace("     0        0 37113958", "  1000        0 4294967295"), 80)
  expect([socket!.uid, socket!.inode]).toEqual([1000, 4_294_967_295])
})

test.each([
  ["nothing", ""],
  ["no row", "what"],
  ["a row that ends early", tcp6.slice(0, tcp6.indexOf(" 37113952"))],
  ["an address that is cut", tcp.replace("0100007F:0050", "00007F:0050")],
  ["ends of two families", tcp.replace("0100007F:BB82", "0000000000000000FFFF00000100007F:BB82")],
  ["a state that is none", tcp.replace(":0050 01", ":0050 XX")],
])("%s is passed over", (_, text) => expect(parseNetSockets(text, 80)).toEqual([]))

test.each([
  ["PATH=/bin\0HOSTNAME=web-0\0HOME=/\0", "web-0"],
  ["HOSTNAME=\0HOSTNAME=web-0\0", undefined],
  ["XHOSTNAME=web-0\0", undefined],
  ["HOSTNAME=Not A Name\0", undefined],
  ["HOSTNAME=web\x1b[2J\0", undefined],
  ["", undefined],
])("the host name in %j is %p", (environ, name) => expect(hostnameIn(environ)).toBe(name as string))
