import { expect, test } from "bun:test"
import { publishedEnds } from "../../../src/core/sample/published.ts"
import { IPPROTO_UDP } from "../../../src/core/sample/socket-table.ts"
import { type FlowSpec, flowTableOf } from "../../support/flows.ts"

const check = (...flows: readonly FlowSpec[]) =>
  publishedEnds(flowTableOf(flows), 8080).map(
    ({ protocol, address, port, connectionCount }) => `${protocol} ${address} ${port} x${connectionCount}`,
  )

const through = (client: string, to: string): FlowSpec => ({
  original: `${client} > 10.1.0.1:8080`,
  reply: `${to} > ${client}`,
})

test("the ends behind a port, the busiest first", () => {
  expect(
    check(
      through("10.1.0.2:1", "10.2.0.2:80"),
      through("10.1.0.2:2", "10.2.0.3:80"),
      through("10.1.0.3:3", "10.2.0.3:80"),
      { ...through("10.1.0.4:4", "10.2.0.2:80"), protocol: IPPROTO_UDP },
    ),
  ).toEqual(["tcp 10.2.0.3 80 x2", "tcp 10.2.0.2 80 x1", "udp 10.2.0.2 80 x1"])
})

test("a target alone that is another, or a port alone, is a translation too", () => {
  expect(check(through("10.1.0.2:1", "10.2.0.2:8080"))).toEqual(["tcp 10.2.0.2 8080 x1"])
  expect(check(through("10.1.0.2:1", "10.1.0.1:80"))).toEqual(["tcp 10.1.0.1 80 x1"])
})

test("what is not translated, or only its source is, or is of another port, is none", () => {
  expect(
    check(
      { original: "10.1.0.2:1 > 10.1.0.1:8080" },
      { original: "10.2.0.2:1 > 10.1.0.9:8080", reply: "10.1.0.9:8080 > 10.1.0.1:1" },
      { original: "10.1.0.2:1 > 10.1.0.1:8081", reply: "10.2.0.2:8080 > 10.1.0.2:1" },
    ),
  ).toEqual([])
})

test("IPv6 as well", () => {
  expect(check({ original: "[fd01::2]:1 > [fd01::1]:8080", reply: "[fd02::2]:80 > [fd01::2]:1" })).toEqual([
    "tcp fd02::2 80 x1",
  ])
})
