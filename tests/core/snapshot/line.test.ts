import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { type SnapshotOptions, writeSnapshotLine } from "../../../src/core/snapshot/line.ts"
import { type ConnectionSpec, connectionsOf } from "../../support/connections.ts"

const options: SnapshotOptions = {
  capturedAt: "2026-03-08T12:56:30.196+07:00",
  interfaceName: "eth0",
  topLimitPerSide: 500,
  version: "v0.8.2",
  ownPid: 4242,
  usage: { cpuCores: 0.03, rssBytes: 14876672 },
}

const listener: ConnectionSpec = { state: "LISTEN", local: "0.0.0.0:443", remote: "0.0.0.0:0", process: "nginx" }
const web = (port: number, more: ConnectionSpec = {}): ConnectionSpec => ({
  local: "10.0.0.1:443",
  remote: `203.0.113.7:${port}`,
  process: "nginx",
  ...more,
})
const moved = (acked: number, received: number) => ({ acked, received, before: { acked: 0, received: 0 } })

test("the example of the format, to the byte", () => {
  const connections = connectionsOf(
    [
      web(1001, { state: "TIME_WAIT" }),
      web(1000, moved(377_000, 41_000)),
      web(1002, moved(892, 164)),
      { local: "10.0.0.1:7000", remote: "203.0.113.7:9", process: "bun", pid: 4242 },
      listener,
    ],
    { elapsedMs: 30_000 },
  )
  expect(writeSnapshotLine(connections, options)).toBe(
    '{"captured_at":"2026-03-08T12:56:30.196+07:00","interface":"eth0","top_limit_per_side":500,' +
      '"sample_seconds":30,"bandwidth_available":true,' +
      '"incoming_groups":[{"peer_ip":"203.0.113.7","port":443,"proc_name":"nginx","conn_count":3,"tx_queue":0,' +
      '"rx_queue":0,"total_queue":0,"tx_bytes_delta":377892,"rx_bytes_delta":41164,"total_bytes_delta":419056,' +
      '"tx_bytes_per_sec":12596.4,"rx_bytes_per_sec":1372.1333333333334,"total_bytes_per_sec":13968.533333333333,' +
      '"states":{"ESTABLISHED":2,"TIME_WAIT":1}}],' +
      '"outgoing_groups":[],"version":"v0.8.2","cpu_cores":0.03,"rss_bytes":14876672}\n',
  )
})

describe("the format", () => {
  type Shape = { keys: string[]; types: string[] }
  const shapeOf = (value: object): Shape => ({
    keys: Object.keys(value),
    types: Object.values(value).map((field) => (Array.isArray(field) ? "array" : typeof field)),
  })
  const ours = JSON.parse(
    writeSnapshotLine(
      connectionsOf([web(1, moved(5, 6)), listener, web(2, { local: "10.0.0.1:8", remote: "[::1]:9" })]),
      options,
    ),
  )
  const isSnapshot = (line: string) =>
    line.startsWith("{") && line.includes('"top_limit_per_side"') && line.endsWith("}")
  const lines = ["recorded", "edge-cases"].flatMap((name) =>
    readFileSync(`${import.meta.dir}/../../fixtures/original/${name}.connections-20261124.jsonl`, "utf8")
      .split("\n")
      .flatMap((line) => (isSnapshot(line) ? [JSON.parse(line)] : [])),
  )
  const rows = lines.flatMap((line) => [...(line.incoming_groups ?? []), ...(line.outgoing_groups ?? [])])

  test("keys, their order and their types are those of recorded files", () => {
    const complete = lines.filter((line) => "cpu_cores" in line && "rss_bytes" in line)
    expect(complete.length).toBeGreaterThan(5)
    for (const line of complete) expect(shapeOf(line)).toEqual(shapeOf(ours))
  })

  test("so are those of a row", () => {
    expect(rows.length).toBeGreaterThan(10)
    const row = ours.incoming_groups[0]
    for (const recorded of rows.filter((one) => "total_queue" in one)) expect(shapeOf(recorded)).toEqual(shapeOf(row))
  })

  test("what the program costs is left out while it is not known", () => {
    const { usage: _, ...without } = options
    for (const given of [without, { ...options, usage: {} }, { ...options, usage: { cpuCores: 0, rssBytes: 0 } }])
      expect(Object.keys(JSON.parse(writeSnapshotLine(connectionsOf([]), given)))).not.toContain("cpu_cores")
  })

  test("after one look there is no bandwidth, and every key is there", () => {
    const line = JSON.parse(
      writeSnapshotLine(connectionsOf([web(1, moved(5, 6)), listener], { isFirst: true }), options),
    )
    expect(line).toMatchObject({ sample_seconds: 0, bandwidth_available: false })
    expect(line.incoming_groups[0]).toMatchObject({ total_bytes_delta: 0, total_bytes_per_sec: 0, conn_count: 1 })
  })

  test("is one line whatever a process calls itself", () => {
    const written = writeSnapshotLine(connectionsOf([web(1, { process: "<a>&\n\u2028" }), listener]), options)
    expect(written.trimEnd()).not.toContain("\n")
    expect(written).toContain('"proc_name":"\\u003ca\\u003e\\u0026\\n\\u2028"')
  })
})

describe("rows", () => {
  const outgoing = (specs: readonly ConnectionSpec[], more: Partial<SnapshotOptions> = {}) =>
    JSON.parse(writeSnapshotLine(connectionsOf(specs), { ...options, ...more })).outgoing_groups.map(
      (row: { peer_ip: string; port: number; proc_name: string; conn_count: number }) =>
        `${row.peer_ip}:${row.port} ${row.proc_name} ${row.conn_count}`,
    )
  let local = 2000
  const out = (remote: string, more: ConnectionSpec = {}): ConnectionSpec => ({
    local: `10.0.0.1:${local++}`,
    remote,
    ...more,
  })

  test("stand in order: bytes, connections, queues, peer as text, port, process", () => {
    const idle = [
      out("192.0.2.9:80", { process: "b" }),
      out("192.0.2.9:80", { process: "a" }),
      out("192.0.2.9:79"),
      out("192.0.2.10:80"),
      out("192.0.2.1:80", { sendQueue: 5 }),
      out("192.0.2.8:80"),
      out("192.0.2.8:80"),
      out("192.0.2.7:80", moved(1, 1)),
    ]
    expect(outgoing(idle)).toEqual([
      "192.0.2.7:80 - 1",
      "192.0.2.8:80 - 2",
      "192.0.2.1:80 - 1",
      "192.0.2.10:80 - 1",
      "192.0.2.9:79 - 1",
      "192.0.2.9:80 a 1",
      "192.0.2.9:80 b 1",
    ])
  })

  test("are cut for each side, the busiest kept", () => {
    const specs = [
      out("192.0.2.1:80"),
      out("192.0.2.2:80", moved(9, 0)),
      web(1),
      web(2, { remote: "192.0.2.9:7" }),
      listener,
    ]
    expect(outgoing(specs, { topLimitPerSide: 1 })).toEqual(["192.0.2.2:80 - 1"])
    const line = JSON.parse(writeSnapshotLine(connectionsOf(specs), { ...options, topLimitPerSide: 1 }))
    expect(line.incoming_groups).toHaveLength(1)
  })

  test("of a mapped peer and the plain one are one row", () => {
    expect(outgoing([out("192.0.2.1:80"), out("192.0.2.1:80", { isMapped: true })])).toEqual(["192.0.2.1:80 - 2"])
  })

  test("a blank name is -", () => {
    expect(outgoing([out("192.0.2.1:80", { process: "  " })])).toEqual(["192.0.2.1:80 - 1"])
  })
})
