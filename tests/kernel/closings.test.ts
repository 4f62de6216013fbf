import { dlopen, FFIType as T } from "bun:ffi"
import { afterAll, beforeAll, expect, test } from "bun:test"
import { join } from "node:path"
import { closeFd, openSocket, sendTo, setSocketOption } from "../../ffi/libc.ts"
import { alloc } from "../../ffi/memory.ts"
import { byteMark } from "../../src/core/model/rates.ts"
import { CLOSED_ROWS_MAX } from "../../src/core/sample/closed.ts"
import { cookieOf, rowSource } from "../../src/core/sample/socket-table.ts"
import { ClosingsWatch } from "../../src/shell/kernel/closings.ts"
import { ownNamespaceId } from "../../src/shell/kernel/network-namespaces.ts"
import { Looker, tally } from "./looker.ts"
import { describeInNamespace } from "./namespace.ts"
import { makeTraffic, type Truth } from "./traffic.ts"

/**
 * One byte too many received has been seen in one run of three, always here. What makes it is not established: a FIN
 * that a look met under way is counted like a byte, and is then told already.
 */
const FIN_UNDER_WAY_MAX = 1

function expectServed(served: { readonly tx: number; readonly rx: number }, truth: Truth): void {
  expect(served.tx).toBe(truth.served)
  expect(served.rx).toBeGreaterThanOrEqual(truth.asked)
  expect(served.rx).toBeLessThanOrEqual(truth.asked + FIN_UNDER_WAY_MAX)
}

const TRAFFIC = join(import.meta.dir, "traffic.ts")
const STORM = join(import.meta.dir, "../bench/closings.ts")
const run = (...words: string[]) => {
  const { exitCode, stderr, stdout } = Bun.spawnSync(words, { stdout: "pipe", stderr: "pipe" })
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`)
  return stdout.toString()
}

/** Looks again and again until `act` is over, then until no more end is awaited. */
async function lookWhile<R>(looker: Looker, act: Promise<R>, onLook: (rows: Rows) => void): Promise<R> {
  const state = { isOver: false }
  const watched = act.finally(() => {
    state.isOver = true
  })
  for (let pause = 7; !state.isOver; pause = (pause * 5) % 97) {
    onLook((await looker.look()).rows)
    await Bun.sleep(pause)
  }
  const result = await watched
  for (let more = 0; more < 50; more++) {
    const { rows, report } = await looker.look()
    onLook(rows)
    if (more > 0 && report.awaiting === 0 && report.closed === 0) return result
    await Bun.sleep(20)
  }
  throw new Error("ends are still awaited")
}
type Rows = Awaited<ReturnType<Looker["look"]>>["rows"]

describeInNamespace("closings", import.meta.path, () => {
  beforeAll(() => {
    run("ip", "link", "set", "lo", "up")
    run("ip", "netns", "add", "other")
    run("ip", "-n", "other", "link", "set", "lo", "up")
  })
  afterAll(() => {
    run("ip", "netns", "del", "other")
  })

  test.each([
    { name: "IPv4", host: "0.0.0.0", port: 8001 },
    { name: "IPv6", host: "::", port: 8002 },
    { name: "IPv4 on a dual-stack listener", host: "::", connectTo: "127.0.0.1", port: 8003 },
  ])(
    "400 short connections are credited to the byte, on both sides: $name",
    async ({ name: _, ...ask }) => {
      using looker = new Looker()
      const { add, sums } = tally(ask.port)
      await looker.look()
      const truth = await lookWhile(looker, makeTraffic({ ...ask, count: 400, seed: ask.port }), (rows) =>
        add(rows, "host"),
      )
      expect(truth.connections).toBe(400)
      expect(sums.asked).toEqual({ tx: truth.asked, rx: truth.served })
      expect(sums.served).toEqual({ tx: truth.served, rx: truth.asked })
      expect(sums.closedRows).toBe(800)
    },
    30_000,
  )

  test("connections inside another namespace are credited there", async () => {
    using looker = new Looker()
    const { add, sums } = tally(8004)
    const host = tally(8004)
    await looker.look()
    const child = Bun.spawn(
      ["ip", "netns", "exec", "other", process.execPath, TRAFFIC, "0.0.0.0", "8004", "300", "5"],
      { stdout: "pipe" },
    )
    const text = await lookWhile(looker, new Response(child.stdout).text(), (rows) => {
      add(rows, "other")
      host.add(rows, "host")
    })
    const truth = JSON.parse(text) as Truth
    expect(sums.asked).toEqual({ tx: truth.asked, rx: truth.served })
    expectServed(sums.served, truth)
    expect(host.sums.closedRows).toBe(0)
  }, 30_000)

  test("more closings than rows in one look are summed and still exact", async () => {
    using looker = new Looker()
    const { add, sums } = tally(8005)
    await looker.look()
    const count = CLOSED_ROWS_MAX / 2 + 300
    const child = Bun.spawn([process.execPath, TRAFFIC, "0.0.0.0", "8005", String(count), "9", "64"], {
      stdout: "pipe",
    })
    const truth = JSON.parse(await new Response(child.stdout).text()) as Truth
    await Bun.sleep(50)
    const { rows, report, notes } = await looker.look()
    add(rows, "host")
    expect({ report, notes }).toMatchObject({ report: { closed: count * 2 }, notes: [] })
    expect(sums.asked).toEqual({ tx: truth.asked, rx: truth.served })
    expect(sums.served).toEqual({ tx: truth.served, rx: truth.asked })
  }, 60_000)

  test("a reset connection is awaited until its program closes it, and then has its bytes", async () => {
    using looker = new Looker()
    const pair = connectedPair(8006)
    await looker.look()
    pair.client.send(1000)
    await looker.look()
    pair.client.send(500)
    // Closing with unread data resets the peer.
    pair.server.close()
    await Bun.sleep(30)
    const reset = await looker.look()
    expect(reset.report.awaiting).toBe(1)
    expect(closedRows(reset.rows, 8006)).toMatchObject([{ isIncoming: true, rx: 500 }])
    pair.client.close()
    await Bun.sleep(30)
    const closed = await looker.look()
    expect(closed.report).toMatchObject({ awaiting: 0, closed: 1 })
    expect(closedRows(closed.rows, 8006)).toMatchObject([{ isIncoming: false, tx: 500, rx: 0, mark: byteMark.exact }])
    pair.close()
  })

  test("a killed connection likewise", async () => {
    using looker = new Looker()
    const pair = connectedPair(8007)
    await looker.look()
    pair.client.send(700)
    run("ss", "-K", "dst", "127.0.0.1", "dport", "=", "8007")
    await Bun.sleep(30)
    expect((await looker.look()).report.awaiting).toBeGreaterThan(0)
    pair.client.close()
    pair.server.close()
    await Bun.sleep(30)
    const { rows, report } = await looker.look()
    expect(report.awaiting).toBe(0)
    expect(closedRows(rows, 8007).map(({ tx, rx }) => tx + rx)).toEqual([700, 700])
    pair.close()
  })

  test("an aborted connection keeps its last counters and is counted", async () => {
    using looker = new Looker()
    const pair = connectedPair(8008)
    await looker.look()
    pair.client.send(900)
    await looker.look()
    pair.client.send(50)
    pair.client.abort()
    await Bun.sleep(30)
    const { rows, report } = await looker.look()
    expect(report.aborted).toBe(1)
    const aborted = closedRows(rows, 8008).filter(({ isIncoming }) => !isIncoming)
    expect(aborted).toMatchObject([{ tx: 0, rx: 0, remote: "127.0.0.1", remotePort: 8008 }])
    pair.close()
  })

  test("an aborted connection that no look has seen is counted", async () => {
    using looker = new Looker()
    await looker.look()
    const pair = connectedPair(8009)
    pair.client.abort()
    await Bun.sleep(30)
    expect((await looker.look()).report.aborted).toBe(1)
    pair.close()
  })

  test("lost events are a counted gap", async () => {
    using looker = new Looker(1)
    await looker.look()
    // While this waits, nothing can be taken out of a buffer that holds a few events.
    run(process.execPath, TRAFFIC, "0.0.0.0", "8010", "200", "3")
    const { gaps, notes } = await looker.look()
    expect(gaps).toBeGreaterThan(0)
    expect(notes.join()).toContain("were lost")
  }, 30_000)

  test("a storm makes it let go, say so and count what it misses; ten calm seconds bring it back", async () => {
    let nowMs = 0
    using watch = new ClosingsWatch({ monotonicMs: () => nowMs, pathOf: () => undefined })
    watch.open([{ id: ownNamespaceId(), name: "host" }])
    const pass = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        nowMs += 1_000
        watch.drain()
      }
    }
    const isOff = () => watch.take().notes.some(({ text }) => text.includes("close a second"))
    pass(1)
    const storm = Bun.spawn([process.execPath, STORM, "offer"], { stdout: "ignore" })
    // Seconds that last 100 ms: the clock runs ahead of 2,500 connections a second, so many come in one of ours.
    await until(() => {
      watch.drain()
      return watch.take().table.length > 0
    })
    for (let i = 0; i < 100 && !isOff(); i++) {
      await Bun.sleep(100)
      if (i % 20 === 19) pass(1)
    }
    expect(isOff()).toBe(true)
    pass(1)
    await Bun.sleep(300)
    pass(1)
    const off = watch.take()
    expect(off.table.length).toBe(0)
    expect(off.isHeard(0)).toBe(false)
    expect(off.notes.map(({ text }) => text).join()).toMatch(/about [1-9]\d* were missed/)
    storm.kill("SIGKILL")
    await storm.exited
    pass(9)
    expect(isOff()).toBe(true)
    pass(9)
    expect(isOff()).toBe(false)
    expect(watch.take().isHeard(0)).toBe(true)
    const pair = connectedPair(8020)
    pair.close()
    await Bun.sleep(30)
    expect(watch.take().table.length).toBeGreaterThanOrEqual(2)
  }, 30_000)

  test("cookies name one socket over all namespaces", async () => {
    using looker = new Looker()
    const pairs = [8011, 8012, 8013].map(connectedPair)
    const child = Bun.spawn(
      ["ip", "netns", "exec", "other", process.execPath, TRAFFIC, "0.0.0.0", "8014", "100", "5"],
      {
        stdout: "ignore",
      },
    )
    for (let i = 0; i < 10; i++) {
      const { table } = await looker.look()
      const cookies = Array.from({ length: table.length }, (_, row) => cookieOf(table, row))
      expect(new Set(cookies).size).toBe(cookies.length)
      await Bun.sleep(20)
    }
    expect(await child.exited).toBe(0)
    for (const pair of pairs) pair.close()
  }, 30_000)

  test("a namespace that loses its name is let go within a second", async () => {
    using looker = new Looker()
    run("ip", "netns", "add", "brief")
    run("ip", "link", "add", "br0", "type", "veth", "peer", "name", "br1", "netns", "brief")
    await looker.look()
    const { table } = await looker.look()
    expect(table.length).toBeGreaterThanOrEqual(0)
    expect(hasLink("br0")).toBe(true)
    run("ip", "netns", "del", "brief")
    await goneWithin("br0", 1_500)
  })

  test("a namespace without a name is let go when its last process ends, and not before", async () => {
    using looker = new Looker()
    const first = Bun.spawn(["unshare", "--net", "sleep", "60"])
    await until(() => namespaceOf(first.pid) !== namespaceOf(process.pid))
    run("ip", "link", "add", "un0", "type", "veth", "peer", "name", "un1", "netns", String(first.pid))
    const second = Bun.spawn(["nsenter", `--net=/proc/${first.pid}/ns/net`, "sleep", "60"])
    await until(() => namespaceOf(second.pid) === namespaceOf(first.pid))
    await looker.look()
    first.kill()
    await first.exited
    await Bun.sleep(1_000)
    expect(hasLink("un0")).toBe(true)
    const slots = looker.namespaces.look()
    expect(slots.some((slot) => slot?.path === `/proc/${second.pid}/ns/net`)).toBe(true)
    second.kill()
    await second.exited
    await goneWithin("un0", 1_500)
  }, 15_000)
})

const closedRows = (rows: Rows, port: number) =>
  rows.filter((row) => row.source === rowSource.closed && (row.localPort === port || row.remotePort === port))

const hasLink = (name: string) => Bun.spawnSync(["ip", "link", "show", name], { stderr: "ignore" }).exitCode === 0
const namespaceOf = (pid: number) => run("readlink", `/proc/${pid}/ns/net`)

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 250; i++) {
    if (isSo()) return
    await Bun.sleep(20)
  }
  throw new Error("it did not come about")
}

/** The promise is one second; the kernel then takes the namespace apart on its own time. */
async function goneWithin(link: string, ms: number): Promise<void> {
  const start = performance.now()
  await until(() => !hasLink(link))
  expect(performance.now() - start).toBeLessThan(ms)
}

const { symbols: c } = dlopen("libc.so.6", {
  connect: { args: [T.i32, T.ptr, T.u32], returns: T.i32 },
  bind: { args: [T.i32, T.ptr, T.u32], returns: T.i32 },
  listen: { args: [T.i32, T.i32], returns: T.i32 },
  accept: { args: [T.i32, T.ptr, T.ptr], returns: T.i32 },
})

/** One connection on loopback whose two descriptors are ours to misuse. */
function connectedPair(port: number) {
  const AF_INET = 2
  const SOCK_STREAM = 1
  const address = alloc(16)
  const view = new DataView(address.buffer)
  view.setUint16(0, AF_INET, true)
  view.setUint16(2, port)
  view.setUint32(4, 0x7f000001)
  const must = (result: number) => {
    if (result < 0) throw new Error(`cannot make a connection on port ${port}`)
    return result
  }
  const listening = openSocket(AF_INET, SOCK_STREAM, 0)
  must(c.bind(listening, address, 16))
  must(c.listen(listening, 8))
  const client = openSocket(AF_INET, SOCK_STREAM, 0)
  must(c.connect(client, address, 16))
  const server = must(c.accept(listening, null, null))
  const open = new Set([listening, client, server])
  const end = (fd: number) => {
    if (open.delete(fd)) closeFd(fd)
  }
  const side = (fd: number) => ({
    send: (length: number) => sendTo(fd, alloc(length).fill(120), alloc(0)),
    close: () => end(fd),
    abort() {
      const SOL_SOCKET = 1
      const SO_LINGER = 13
      const linger = alloc(8)
      linger[0] = 1
      setSocketOption(fd, SOL_SOCKET, SO_LINGER, linger)
      end(fd)
    },
  })
  return {
    client: side(client),
    server: side(server),
    close() {
      for (const fd of open) end(fd)
    },
  }
}
