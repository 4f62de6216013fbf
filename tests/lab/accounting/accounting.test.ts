/**
 * Does every byte arrive in the books? Real traffic between network namespaces, against a sender that knows the truth. The
 * figures are printed; docs/benchmarks.md has them beside those of other tools.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Connection } from "../../../src/core/model/connections.ts"
import type { Coverage } from "../../../src/core/model/coverage.ts"
import { describeInNamespace } from "../../kernel/namespace.ts"
import {
  CLIENT,
  CONTAINER,
  HOST,
  line,
  type NatWorld,
  openNatWorld,
  type Place,
  PUBLISHED,
  shell,
} from "../../kernel/nat-world.ts"
import type { Truth } from "../../kernel/traffic.ts"
import type { Payload } from "./load.ts"
import { ledger, Watcher } from "./watcher.ts"

const TRAFFIC = `${import.meta.dir}/../../kernel/traffic.ts`
const LOAD = `${import.meta.dir}/load.ts`
const SHORT_PORT = 9_000
const BULK_PORT = 9_001

const IPV4_UDP = 28
const IPV6_UDP = 48

describeInNamespace("accounting", import.meta.path, define, ["nft", "nsenter"], 170_000)

function define(): void {
  let world: NatWorld & { translate(): void }
  let watcher: Watcher
  beforeAll(async () => {
    world = await openNatWorld()
    world.translate()
    shell("echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct")
    await line(world.start("host", TRAFFIC, "serve", "::", String(SHORT_PORT)).stdout)
    await line(world.start("host", LOAD, "sink", String(BULK_PORT)).stdout)
    watcher = new Watcher("outside")
    await watcher.look()
  }, 30_000)
  afterAll(() => {
    watcher?.close()
    world?.close()
  })

  const ask = async <T>(place: Place, script: string, ...args: (string | number)[]): Promise<T> =>
    JSON.parse(await new Response(world.start(place, script, ...args.map(String)).stdout).text()) as T

  test("10,000 connections of a few milliseconds: bytes by peer and port within 0.1 %", async () => {
    const sums = ledger(endsOf)
    const before = watcher.carried
    const truth = await watcher.watch(
      ask<Truth>("client", TRAFFIC, "ask", HOST.outside, SHORT_PORT, 10_000, 3, 24, 200_000, 800),
      sums.add,
    )
    const after = watcher.carried
    const served = sums.of(`host in ${CLIENT.v4} ${SHORT_PORT}`)
    const asked = sums.of(`elsewhere out ${HOST.outside} ${SHORT_PORT}`)
    report("10,000 short connections, as served", [
      ["received", served.rx, truth.asked, after.rx - before.rx],
      ["sent", served.tx, truth.served, after.tx - before.tx],
    ])
    report("the same, as asked by the client", [
      ["sent", asked.tx, truth.asked],
      ["received", asked.rx, truth.served],
    ])
    expect(truth.connections).toBe(10_000)
    within(served.rx, truth.asked, 0.001)
    within(served.tx, truth.served, 0.001)
    within(asked.tx, truth.asked, 0.001)
    within(asked.rx, truth.served, 0.001)
    expect(watcher.notes).not.toContainEqual(expect.stringContaining("were lost"))
  }, 60_000)

  test("one flow for ten seconds: within 0.1 %, and no interval shows 0", async () => {
    const sums = ledger(endsOf)
    const intervals: number[] = []
    watcher.coverage.length = 0
    const before = watcher.carried
    const truth = await watcher.watch(
      ask<Payload>("client", LOAD, "stream", HOST.outside, BULK_PORT, 10),
      (connection) => {
        sums.add(connection)
        if (connection.namespace === "host" && connection.localPort === BULK_PORT && connection.source === "socket")
          intervals.push(connection.rxBytes ?? Number.NaN)
      },
    )
    const after = watcher.carried
    const received = sums.of(`host in ${CLIENT.v4} ${BULK_PORT}`)
    const sent = sums.of(`elsewhere out ${HOST.outside} ${BULK_PORT}`)
    report("one flow for ten seconds", [
      ["received", received.rx, truth.sent, after.rx - before.rx],
      ["sent, at the client", sent.tx, truth.sent],
    ])
    const looks = watcher.coverage.map(
      ({ percent, uncertainPercent }) => `${percent.toFixed(1)}±${uncertainPercent.toFixed(1)}`,
    )
    const sum = (pick: (coverage: Coverage) => number) => watcher.coverage.reduce((all, each) => all + pick(each), 0)
    const covered = (sum((each) => each.attributedBytes) / sum((each) => each.carriedBytes)) * 100
    console.log(`    coverage of the interface: ${covered.toFixed(2)} %, look by look ${looks.join(" ")}`)
    within(received.rx, truth.sent, 0.001)
    within(sent.tx, truth.sent, 0.001)
    expect(intervals.length).toBeGreaterThan(5)
    expect(Math.min(...intervals.filter((bytes) => !Number.isNaN(bytes)))).toBeGreaterThan(0)
    expect(covered).toBeGreaterThan(98)
    expect(covered).toBeLessThan(101)
  }, 40_000)

  describe("UDP, translated and not, of both families", () => {
    test.each<{ name: string; from: Place; to: string; port: number; header: number; key: string }>([
      {
        name: "published on another port",
        from: "client",
        to: HOST.outside,
        port: PUBLISHED,
        header: IPV4_UDP,
        key: `host in ${CLIENT.v4} ${PUBLISHED} udp ct/nat`,
      },
      {
        name: "published on another port, IPv6",
        from: "client",
        to: HOST.outside6,
        port: PUBLISHED,
        header: IPV6_UDP,
        key: `host in ${CLIENT.v6} ${PUBLISHED} udp ct/nat`,
      },
      {
        name: "masqueraded",
        from: "container",
        to: CLIENT.v4,
        port: 80,
        header: IPV4_UDP,
        key: `host out ${CLIENT.v4} 80 udp ct/nat`,
      },
      {
        name: "masqueraded, IPv6",
        from: "container",
        to: CLIENT.v6,
        port: 80,
        header: IPV6_UDP,
        key: `host out ${CLIENT.v6} 80 udp ct/nat`,
      },
    ])(
      "500 flows, $name: within 0.5 %, each once",
      async ({ name, from, to, port, header, key }) => {
        const flows = 500
        const rows = new Map<string, Set<string>>()
        const sums = ledger((connection) =>
          connection.proto === "udp" ? `${endsOf(connection)} udp ${processOf(connection)}` : undefined,
        )
        let inLook = 0
        let twice = 0
        const truth = await watcher.watch(
          ask<Payload>(from, LOAD, "ask", to, port, flows, port),
          (connection, look) => {
            sums.add(connection)
            if (connection.proto !== "udp" || (connection.txBytes ?? 0) + (connection.rxBytes ?? 0) === 0) return
            inLook = look
            const seen = rows.get(String(inLook)) ?? new Set()
            const ends = `${connection.localAddress} ${connection.localPort} ${connection.peerAddress} ${connection.peerPort}`
            if (seen.has(ends)) twice++
            rows.set(String(inLook), seen.add(ends))
          },
        )
        const seen = sums.of(key)
        const isOut = key.includes(" out ")
        const [sent, received] = isOut ? [seen.tx, seen.rx] : [seen.rx, seen.tx]
        report(`500 UDP flows, ${name}`, [
          ["there", sent, truth.sent + flows * header],
          ["back", received, truth.received + flows * header],
        ])
        within(sent, truth.sent + flows * header, 0.005)
        within(received, truth.received + flows * header, 0.005)
        expect(twice).toBe(0)
      },
      30_000,
    )
  })

  test("TCP through both translations is the container's socket, and no second row", async () => {
    const sums = ledger((connection) => `${endsOf(connection)} ${connection.source}`)
    const outside = await world.send("client", "tcp", { address: HOST.outside, port: PUBLISHED }, 50_000)
    const inside = await world.send("container", "tcp", { address: CLIENT.v6, port: 80 }, 70_000)
    await watcher.look(sums.add)
    const names = sums.names().filter((name) => !/ 900[01] /.test(name) && !name.includes("conntrack"))
    expect(names).toEqual(
      [
        `elsewhere in ${CLIENT.v4} 80 socket`,
        `elsewhere in ${HOST.outside6} 80 socket`,
        `elsewhere out ${CLIENT.v6} 80 socket`,
        `elsewhere out ${HOST.outside} ${PUBLISHED} socket`,
      ].sort(),
    )
    expect(sums.of(`elsewhere in ${CLIENT.v4} 80 socket`)).toMatchObject({ tx: 50_000, rx: 50_000, rows: 1 })
    expect(sums.of(`elsewhere out ${CLIENT.v6} 80 socket`)).toMatchObject({ tx: 70_000, rx: 70_000, rows: 1 })
    const passedOn: string[] = []
    await watcher.look((connection) => {
      if (connection.source === "conntrack" && connection.proto === "tcp") passedOn.push(endsOf(connection))
    })
    expect(passedOn).toEqual([])
    await outside.close()
    await inside.close()
  })

  test("with only the host in sight the same connections are ct/nat rows, with the end behind the translation", async () => {
    const outside = await world.send("client", "tcp", { address: HOST.outside, port: PUBLISHED }, 5_000)
    const { stdout } = Bun.spawnSync([
      process.execPath,
      `${import.meta.dir}/../../../src/main.ts`,
      "connections",
      "--json",
      "--netns",
      "host",
    ])
    const rows = JSON.parse(stdout.toString()).connections.filter(
      (row: { nat: string | null; proto: string }) => row.nat !== null && row.proto === "tcp",
    )
    expect(rows).toMatchObject([
      {
        source: "conntrack",
        direction: "in",
        peer_ip: CLIENT.v4,
        local_port: PUBLISHED,
        nat: "published",
        inner_ip: CONTAINER.v4,
        inner_port: 80,
        bytes_unit: "ip",
        process: null,
        netns: "host",
      },
    ])
    await outside.close()
  }, 20_000)
}

/** `host in 10.1.0.2 9000`: where, which side, the peer, the service port. */
function endsOf({ namespace, side, peerAddress, localPort, peerPort }: Connection): string {
  return `${namespace === "host" ? "host" : "elsewhere"} ${side} ${peerAddress} ${side === "in" ? localPort : peerPort}`
}

const processOf = ({ owner, translation }: Connection) => owner?.name ?? (translation === undefined ? "-" : "ct/nat")

function within(actual: number, expected: number, part: number): void {
  expect(Math.abs(actual - expected) / expected).toBeLessThanOrEqual(part)
}

function report(
  title: string,
  rows: readonly (readonly [what: string, ours: number, truth: number, device?: number])[],
): void {
  console.log(`  ${title}`)
  for (const [what, ours, truth, device] of rows) {
    const off = ((ours - truth) / truth) * 100
    const counted = device === undefined ? "" : `, the device counts ${device}`
    console.log(`    ${what}: ${ours} of ${truth} bytes (${off >= 0 ? "+" : ""}${off.toFixed(4)} %)${counted}`)
  }
}
