import { expect, test } from "bun:test"
import { parseNameServers } from "../../../src/core/proc/resolv-conf.ts"
import { parseIpv4Gateways, parseIpv6Gateways } from "../../../src/core/proc/route.ts"

test("name servers of resolv.conf", () => {
  expect(
    parseNameServers(
      "# c\nsearch a.b\nnameserver 192.0.2.53\n nameserver fe80::1%eth0 # x\nnameserverx 1.1.1.1\nnameserver 1\nnameserver 2\n",
    ),
  ).toEqual(["192.0.2.53", "fe80::1", "1"])
})

test("gateways of IPv4: default routes that are up and have a next hop", () => {
  const text = `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 FE0200C0 0003 0 0 0 00000000 0 0 0
eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
tun0 00000000 00000000 0001 0 0 5 00000000 0 0 0
eth1 00000000 FE0200C0 0203 0 0 0 00000000 0 0 0
eth2 00000000 0100000A 0003 0 0 9 00000000 0 0 0
`
  expect(parseIpv4Gateways(text)).toEqual(["192.0.2.254", "10.0.0.1"])
})

test("gateways of IPv6", () => {
  const zero = "0".repeat(32)
  const text = `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200 lo
fd000009000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001 v0
`
  expect(parseIpv6Gateways(text)).toEqual(["fe80:0000:0000:0000:0000:0000:0000:0001"])
})
