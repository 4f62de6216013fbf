import { describe, expect, test } from "bun:test"
import { parseIpv4DefaultRoutes, parseIpv6DefaultRoutes } from "../../../src/core/proc/route.ts"
import { procFixture } from "./proc.ts"

const HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
const ipv4 = (...rows: string[]) => parseIpv4DefaultRoutes(HEADER + rows.map((row) => `${row}\n`).join(""))

describe("/proc/net/route", () => {
  test("finds the default route of Linux 6.18", async () => {
    expect(parseIpv4DefaultRoutes(await procFixture("net/route"))).toEqual([{ interface: "eth0", metric: 0 }])
  })

  test.each([
    {
      name: "lists every default route with its metric",
      rows: [
        "wlan0 00000000 0100A8C0 0003 0 0 600 00000000 0 0 0",
        "eth0 00000000 0100A8C0 0003 0 0 100 00000000 0 0 0",
      ],
      found: [
        { interface: "wlan0", metric: 600 },
        { interface: "eth0", metric: 100 },
      ],
    },
    {
      name: "a route without gateway leads out too",
      rows: ["ppp0 00000000 00000000 0001 0 0 0 00000000 0 0 0"],
      found: [{ interface: "ppp0", metric: 0 }],
    },
    { name: "0.0.0.0/8 is no default", rows: ["eth1 00000000 00000000 0001 0 0 0 000000FF 0 0 0"], found: [] },
    { name: "a route that is down", rows: ["eth1 00000000 0100A8C0 0002 0 0 0 00000000 0 0 0"], found: [] },
    { name: "a route that rejects", rows: ["* 00000000 00000000 0201 0 0 0 00000000 0 0 0"], found: [] },
    { name: "a broken row", rows: ["eth0 00000000", "eth0 zz 0 0003 0 0 0 00000000 0 0 0", ""], found: [] },
  ])("$name", ({ rows, found }) => expect(ipv4(...rows)).toEqual(found))

  test("an empty file has none", () => expect(parseIpv4DefaultRoutes("")).toEqual([]))
})

const ANY = "0".repeat(32)

describe("/proc/net/ipv6_route", () => {
  test("finds the default route of Linux 6.18 and passes over the rejecting one on lo", async () => {
    expect(parseIpv6DefaultRoutes(await procFixture("net/ipv6_route"))).toEqual([{ interface: "eth0", metric: 1024 }])
  })

  test.each([
    { name: "::/1 is no default", text: `${ANY} 01 ${ANY} 00 ${ANY} 00000400 1 0 00000001 eth0`, found: [] },
    { name: "unreachable", text: `${ANY} 00 ${ANY} 00 ${ANY} ffffffff 1 0 00200200 lo`, found: [] },
    { name: "a torn row", text: `${ANY} 00 ${ANY} 00 ${ANY} 00000400 1`, found: [] },
  ])("$name", ({ text, found }) => expect(parseIpv6DefaultRoutes(`${text}\n`)).toEqual(found))
})
