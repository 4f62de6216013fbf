import { describe, expect, test } from "bun:test"
import { deriveDirections, findListeners, listenerOf } from "../../../src/core/model/direction.ts"
import { type SocketSpec, tableOf } from "../../support/sockets.ts"

const listener = (local: string, more: SocketSpec = {}): SocketSpec => ({
  state: "LISTEN",
  local,
  remote: remoteOf(local),
  ...more,
})
const remoteOf = (local: string) => (local.startsWith("[") ? "[::]:0" : "0.0.0.0:0")

/** Which of the listeners takes the connection: its place in the list, or -1. */
function taker(listeners: readonly SocketSpec[], connection: SocketSpec): number {
  const remote = connection.local?.startsWith("[") ? "[2001:db8::99]:50000" : "192.0.2.99:50000"
  const table = tableOf([...listeners, { remote, ...connection }])
  return listenerOf(table, findListeners(table), listeners.length)
}

const any4 = listener("0.0.0.0:80")
const any6 = listener("[::]:80", { v6Only: 0 })
const only6 = listener("[::]:80", { v6Only: 1 })
const v4 = { local: "10.0.0.1:80" }
const mapped = { local: "10.0.0.1:80", isMapped: true }
const v6 = { local: "[2001:db8::1]:80" }

describe("a connection came in when its local end is listened on", () => {
  test.each([
    { name: "0.0.0.0 takes IPv4", listeners: [any4], connection: v4, expected: 0 },
    { name: "0.0.0.0 does not take IPv6", listeners: [any4], connection: v6, expected: -1 },
    { name: ":: takes IPv6", listeners: [any6], connection: v6, expected: 0 },
    { name: ":: takes IPv4 on its own sockets", listeners: [any6], connection: mapped, expected: 0 },
    {
      name: ":: takes half-open IPv4, which the kernel lists as IPv4",
      listeners: [any6],
      connection: { ...v4, state: "SYN_RECV" as const },
      expected: 0,
    },
    { name: "v6-only :: takes IPv6", listeners: [only6], connection: v6, expected: 0 },
    { name: "v6-only :: does not take IPv4", listeners: [only6], connection: v4, expected: -1 },
    { name: "v6-only :: does not take mapped IPv4", listeners: [only6], connection: mapped, expected: -1 },
    {
      name: "::ffff:0.0.0.0 takes mapped IPv4",
      listeners: [listener("0.0.0.0:80", { isMapped: true })],
      connection: mapped,
      expected: 0,
    },
    { name: "its own address", listeners: [listener("10.0.0.1:80")], connection: v4, expected: 0 },
    {
      name: "its own address, on a dual-stack socket",
      listeners: [listener("10.0.0.1:80")],
      connection: mapped,
      expected: 0,
    },
    { name: "another address of the host", listeners: [listener("10.0.0.2:80")], connection: v4, expected: -1 },
    {
      name: "an address that differs in one word",
      listeners: [listener("[2001:db8::1:0:0:1]:80")],
      connection: v6,
      expected: -1,
    },
    { name: "an address of zeros and a middle", listeners: [listener("[0:0:1::]:80")], connection: v6, expected: -1 },
    { name: "an address of zeros and an end", listeners: [listener("[::1]:80")], connection: v6, expected: -1 },
    { name: "another port", listeners: [listener("0.0.0.0:81")], connection: v4, expected: -1 },
    {
      name: "an ephemeral port that a service has on another address",
      listeners: [listener("127.0.0.1:45000")],
      connection: { local: "10.0.0.1:45000" },
      expected: -1,
    },
    { name: "nobody listens", listeners: [], connection: v4, expected: -1 },
    {
      name: "a TIME_WAIT of a client",
      listeners: [any4],
      connection: { local: "10.0.0.1:50000", remote: "10.0.0.2:80", state: "TIME_WAIT" as const },
      expected: -1,
    },
    {
      name: "a TIME_WAIT of the service",
      listeners: [any4],
      connection: { ...v4, state: "TIME_WAIT" as const },
      expected: 0,
    },
  ])("$name", ({ listeners, connection, expected }) => expect(taker(listeners, connection)).toBe(expected))
})

describe("a listener bound to a device", () => {
  const bound = listener("0.0.0.0:80", { interface: 2 })
  test.each([
    { name: "takes connections of the device", listeners: [bound], connection: { ...v4, interface: 2 }, expected: 0 },
    { name: "takes none of another device", listeners: [bound], connection: { ...v4, interface: 3 }, expected: -1 },
    { name: "takes none of no device", listeners: [bound], connection: v4, expected: -1 },
    {
      name: "does not take them with its own address either",
      listeners: [listener("10.0.0.1:80", { interface: 2 })],
      connection: v4,
      expected: -1,
    },
    {
      name: "leaves link-local connections to a listener that is bound to nothing",
      listeners: [any6],
      connection: { local: "[fe80::1]:80", interface: 3 },
      expected: 0,
    },
  ])("$name", ({ listeners, connection, expected }) => expect(taker(listeners, connection)).toBe(expected))
})

describe("of several listeners the kernel's choice", () => {
  const exact = listener("10.0.0.1:80")
  const bound = listener("0.0.0.0:80", { interface: 2 })
  test.each([
    { name: "an exact address before all addresses", listeners: [any4, exact], connection: v4, expected: 1 },
    { name: "in whatever order they are listed", listeners: [exact, any4], connection: v4, expected: 0 },
    {
      name: "an exact address before a bound device",
      listeners: [bound, exact],
      connection: { ...v4, interface: 2 },
      expected: 1,
    },
    { name: "a bound device before none", listeners: [any4, bound], connection: { ...v4, interface: 2 }, expected: 1 },
    {
      name: "also when it is listed first",
      listeners: [bound, any4],
      connection: { ...v4, interface: 2 },
      expected: 0,
    },
    { name: "what a v6-only twin does not take", listeners: [only6, any6], connection: mapped, expected: 1 },
    { name: "IPv4's own listener for IPv4", listeners: [any6, any4], connection: v4, expected: 1 },
    { name: "IPv6's own listener for what it accepted", listeners: [any4, any6], connection: mapped, expected: 1 },
    { name: "IPv6's for IPv6", listeners: [any4, only6], connection: v6, expected: 1 },
  ])("$name", ({ listeners, connection, expected }) => expect(taker(listeners, connection)).toBe(expected))
})

test("many workers on one port (SO_REUSEPORT) are one listener: the first", () => {
  const workers = Array.from({ length: 64 }, () => any4)
  const table = tableOf([...workers, only6, v4])
  const listeners = findListeners(table)
  expect(listeners.rows).toEqual([0, 64])
  expect(listenerOf(table, listeners, 65)).toBe(0)
})

test("every row is marked, old marks are overwritten", () => {
  const table = tableOf([any4, v4, { local: "10.0.0.1:50000", remote: "10.0.0.9:80" }, v6])
  const isIncoming = new Uint8Array(table.length).fill(7)
  deriveDirections(isIncoming, table, findListeners(table))
  expect([...isIncoming]).toEqual([1, 1, 0, 0])
})

test("ports at both ends of the range", () => {
  const table = tableOf([listener("0.0.0.0:65535"), { local: "10.0.0.1:65535" }, { local: "10.0.0.1:0" }])
  const listeners = findListeners(table)
  expect([1, 2].map((row) => listenerOf(table, listeners, row))).toEqual([0, -1])
})
