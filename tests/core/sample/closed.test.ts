import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { byteMark, createRateTable, deriveBytes } from "../../../src/core/model/rates.ts"
import { CLOSED_ROWS_MAX, type ClosedReport, createClosedLedger, settleLook } from "../../../src/core/sample/closed.ts"
import { CLOSED_SUMS_MAX } from "../../../src/core/sample/closed-sums.ts"
import { appendClosing } from "../../../src/core/sample/closing-event.ts"
import { linkPrevious } from "../../../src/core/sample/link.ts"
import type { Sockets } from "../../../src/core/sample/sample.ts"
import {
  addressText,
  cookieOf,
  createSocketTable,
  rowSource,
  type SocketTable,
} from "../../../src/core/sample/socket-table.ts"
import { datagram } from "../../../src/core/wire/message.ts"
import { type SocketSpec, socketBytes, tableOf } from "../../support/sockets.ts"

interface Spec extends SocketSpec {
  namespace?: number
  owner?: number
}

interface Look {
  now?: readonly Spec[]
  /** Events that came before the dump. */
  events?: readonly Spec[]
  /** Namespaces whose list is not whole. */
  torn?: readonly number[]
  /** Namespaces without a listener. */
  deaf?: readonly number[]
}

/** Looks one after the other, a second apart, as the collector does them. */
function watcher() {
  const ledger = createClosedLedger()
  let before: Sockets | undefined
  let nowMs = 0
  return (look: Look) => {
    const { now = [], events = [], torn = [], deaf = [] } = look
    nowMs += 1000
    const table = tableWith(now)
    const namespaces = [0, 1, 2].map((id) => ({ id, name: `n${id}`, isComplete: !torn.includes(id) }))
    const sockets: Sockets = { table, owners: [], isComplete: torn.length === 0, namespaces }
    linkPrevious(table, before?.table)
    const report = settleLook(ledger, {
      table,
      previous: before?.table,
      events: eventsOf(events, nowMs - 10),
      isHeard: (namespace) => !deaf.includes(namespace),
      isComplete: (namespace) => namespaces[namespace]!.isComplete,
      wasComplete: (namespace) => before?.namespaces?.[namespace]?.isComplete === true,
      nowMs,
      ...(before === undefined ? {} : { previousMs: nowMs - 1000 }),
      unsure: (owner) => owner + 100,
    })
    const rates = createRateTable()
    deriveBytes(rates, sockets, before === undefined ? undefined : { sockets: before, elapsedMs: 1000 })
    before = sockets
    const rows = Array.from({ length: table.length }, (_, row) => ({
      cookie: cookieOf(table, row),
      source: table.source[row]!,
      state: table.state[row]!,
      local: `${addressText(table.localAddress, row)}:${table.localPort[row]}`,
      remote: `${addressText(table.remoteAddress, row)}:${table.remotePort[row]}`,
      owner: table.owner[row]!,
      count: table.connectionCount[row]!,
      lifetimeMs: table.lifetimeMs[row]!,
      isOpener: table.isOpener[row] === 1,
      tx: rates.txBytes[row]!,
      rx: rates.rxBytes[row]!,
      mark: rates.mark[row]!,
    }))
    return { rows, report, closed: rows.filter(({ source }) => source === rowSource.closed) }
  }
}

function tableWith(specs: readonly Spec[]): SocketTable {
  const table = tableOf(specs)
  specs.forEach(({ namespace = 0, owner = -1 }, row) => {
    table.namespace[row] = namespace
    table.owner[row] = owner
  })
  return table
}

function eventsOf(specs: readonly Spec[], arrivedMs: number): SocketTable {
  const events = createSocketTable(4)
  for (const spec of specs) {
    const bytes = socketBytes({ ...spec, state: "CLOSE", inode: 0 })
    appendClosing(events, { data: datagram(bytes), at: 0, end: bytes.length }, spec.namespace ?? 0, arrivedMs)
  }
  return events
}

/** Counters as the kernel has them: SYN and FIN numbered, data counted apart. */
const counters = (
  tx: number,
  rx: number,
  extra: { syn?: number; fin?: number; peerFin?: number; inFlight?: number } = {},
) => {
  const { syn = 0, fin = 0, peerFin = 0, inFlight = 0 } = extra
  return {
    info: {
      bytesAcked: tx + syn + fin,
      bytesReceived: rx + peerFin,
      bytesSent: tx + inFlight + 700,
      bytesRetransmitted: 700,
      pathMtu: 1500,
      lastDataSentMs: 8,
      lastDataReceivedMs: 12,
    },
  }
}
const opener = (cookie: bigint, tx: number, rx: number): Spec => ({ cookie, ...counters(tx, rx, { syn: 1 }) })
const openerClosed = (cookie: bigint, tx: number, rx: number): Spec => ({
  cookie,
  ...counters(tx, rx, { syn: 1, fin: 1, peerFin: 1 }),
})
const listener: Spec = { cookie: 77n, state: "LISTEN", local: "0.0.0.0:80", remote: "0.0.0.0:0", owner: 5 }
const served = { local: "10.0.0.1:80", remote: "10.0.0.9:50001" }

describe("a connection that closed is credited", () => {
  test("with its whole life when no look has seen it, SYN and FIN taken out", () => {
    const look = watcher()
    look({})
    const { closed } = look({ events: [openerClosed(1n, 1000, 50)] })
    expect(closed).toMatchObject([{ tx: 1000, rx: 50, mark: byteMark.exact, state: 7, owner: -1, lifetimeMs: 12 }])
  })

  test("with what came after the last look that saw it, and to its process", () => {
    const look = watcher()
    look({})
    expect(look({ now: [{ ...opener(1n, 300, 0), owner: 3 }] }).rows[0]).toMatchObject({ tx: 300, rx: 0 })
    const { closed, report } = look({ events: [openerClosed(1n, 1000, 50)] })
    expect(closed).toMatchObject([{ tx: 700, rx: 50, owner: 3, lifetimeMs: 990 }])
    expect(report).toMatchObject({ closed: 1, awaiting: 0, unknown: 0 })
  })

  test("to its listener's process, marked as unsure, when no look has seen it", () => {
    const look = watcher()
    look({ now: [listener] })
    const event = { cookie: 1n, ...served, ...counters(20, 30, { fin: 1, peerFin: 1 }) }
    const { closed } = look({ now: [listener], events: [event] })
    expect(closed).toMatchObject([{ owner: 105, isOpener: false, tx: 20, rx: 30 }])
  })

  test("to a listener that went with it", () => {
    const look = watcher()
    look({ now: [listener] })
    const event = { cookie: 1n, ...served, ...counters(20, 30, { fin: 1, peerFin: 1 }) }
    expect(look({ events: [event] }).closed).toMatchObject([{ owner: 105, isOpener: false, tx: 20, rx: 30 }])
  })

  test("as served by a listener that came and went between two looks", () => {
    const look = watcher()
    look({})
    const event = { cookie: 1n, ...served, ...counters(20, 30, { fin: 1, peerFin: 1 }) }
    const ended = { local: "0.0.0.0:80", remote: "0.0.0.0:0", info: { bytesAcked: 0, bytesReceived: 0, pathMtu: 0 } }
    const { closed } = look({ events: [event, ended] })
    expect(closed).toMatchObject([{ owner: -1, isOpener: false, tx: 20, rx: 30 }])
  })

  test("not to a listener of another namespace", () => {
    const look = watcher()
    look({ now: [listener] })
    const event = { cookie: 1n, namespace: 1, ...served, ...counters(20, 30, { fin: 1, peerFin: 1 }) }
    expect(look({ now: [listener], events: [event] }).closed).toMatchObject([{ owner: -1, isOpener: true }])
  })

  test("when its event comes looks later, as after a kill", () => {
    const look = watcher()
    look({ now: [{ ...opener(1n, 100, 10), owner: 3 }] })
    expect(look({}).report).toMatchObject({ closed: 0, awaiting: 1 })
    look({})
    const { closed, report } = look({ events: [{ cookie: 1n, ...counters(150, 10, { syn: 1 }) }] })
    expect(closed).toMatchObject([{ tx: 50, rx: 0, owner: 3 }])
    expect(report.awaiting).toBe(0)
  })

  test("on its TIME_WAIT row, so that it shows once", () => {
    const look = watcher()
    look({})
    const { rows } = look({ now: [{ cookie: 1n, state: "TIME_WAIT" }], events: [openerClosed(9n, 1000, 50)] })
    expect(rows).toMatchObject([{ state: 6, source: rowSource.closed, tx: 1000, rx: 50 }])
    const next = look({ now: [{ cookie: 1n, state: "TIME_WAIT" }] })
    expect(next.rows).toMatchObject([{ source: rowSource.socket, mark: byteMark.uncounted }])
    expect(next.report.awaiting).toBe(0)
  })

  test("on its TIME_WAIT row although its event comes a look later", () => {
    const look = watcher()
    look({ now: [opener(1n, 100, 10)] })
    const timeWait: Spec = { cookie: 1n, state: "TIME_WAIT" }
    expect(look({ now: [timeWait] }).rows).toMatchObject([{ mark: byteMark.uncounted }])
    expect(look({ now: [timeWait], events: [openerClosed(1n, 1000, 50)] }).rows).toMatchObject([{ tx: 900, rx: 40 }])
  })

  test("with the last counters when this host aborted it", () => {
    const look = watcher()
    look({})
    look({ now: [{ ...opener(1n, 400, 40), owner: 3 }] })
    const wiped = { cookie: 1n, remote: "0.0.0.0:0", info: { pathMtu: 1500, bytesAcked: 0, bytesReceived: 0 } }
    const { closed, report } = look({ events: [wiped] })
    expect(closed).toMatchObject([{ tx: 0, rx: 0, owner: 3, local: "10.0.0.1:1000", remote: "10.0.0.2:2000" }])
    expect(report.aborted).toBe(1)
  })

  test("not at all when aborted unseen, but counted", () => {
    const look = watcher()
    look({})
    const wiped = { cookie: 1n, remote: "0.0.0.0:0", info: { pathMtu: 1500, bytesAcked: 0, bytesReceived: 0 } }
    const { closed, report } = look({ events: [wiped] })
    expect(closed).toEqual([])
    expect(report).toMatchObject({ aborted: 1, closed: 0 })
  })

  test.each<{ name: string; look: Look }>([
    { name: "there was no look before", look: {} },
    { name: "the look before was torn in its namespace", look: { torn: [0] } },
  ])("with nothing, and counted, when $name", ({ name, look: first }) => {
    const look = watcher()
    if (!name.startsWith("there")) look(first)
    const { closed, report } = look({ events: [openerClosed(1n, 1000, 50)] })
    expect(closed).toMatchObject([{ mark: byteMark.first, tx: Number.NaN }])
    expect(report.unknown).toBe(1)
  })

  test("whole although another namespace was torn", () => {
    const look = watcher()
    look({ torn: [1] })
    expect(look({ events: [openerClosed(1n, 1000, 50)] }).closed).toMatchObject([{ tx: 1000 }])
  })
})

test("a socket that a look missed goes on where it was", () => {
  const look = watcher()
  look({})
  expect(look({ now: [{ ...opener(1n, 100, 10), owner: 3 }] }).rows).toMatchObject([{ tx: 100 }])
  expect(look({}).report.awaiting).toBe(1)
  const { rows, report } = look({ now: [opener(1n, 150, 10)] })
  expect(rows).toMatchObject([{ tx: 50, rx: 0, owner: 3, mark: byteMark.exact }])
  expect(report.awaiting).toBe(0)
})

test("a socket in a namespace that could not be asked goes on where it was, although nobody listens there", () => {
  const look = watcher()
  look({})
  look({ now: [{ ...opener(1n, 100, 10), namespace: 1 }] })
  expect(look({ torn: [1], deaf: [1] }).report).toMatchObject({ awaiting: 1, unheard: 0 })
  expect(look({ now: [{ ...opener(1n, 150, 10), namespace: 1 }], deaf: [1] }).rows).toMatchObject([{ tx: 50, rx: 0 }])
})

test("who opened a connection stays decided when its listener goes", () => {
  const look = watcher()
  const connection = (tx: number): Spec => ({ cookie: 1n, ...served, ...counters(tx, 0, { inFlight: 500 }) })
  look({ now: [listener] })
  expect(look({ now: [listener, connection(100)] }).rows[1]).toMatchObject({ tx: 100, isOpener: false })
  expect(look({ now: [connection(100)] }).rows).toMatchObject([{ tx: 0, isOpener: false, mark: byteMark.exact }])
})

test("nobody waits for the end of what closed where nobody listens", () => {
  const look = watcher()
  look({ now: [opener(1n, 100, 10), { ...opener(2n, 1, 1), namespace: 1 }], deaf: [1] })
  expect(look({ deaf: [1] }).report).toMatchObject({ unheard: 1, awaiting: 1 })
})

test("listeners and sockets that were never connected are no connections", () => {
  const look = watcher()
  look({})
  const ended = { local: "0.0.0.0:80", remote: "0.0.0.0:0", info: { bytesAcked: 0, bytesReceived: 0, pathMtu: 0 } }
  expect(look({ events: [ended] }).report).toMatchObject({ closed: 0, aborted: 0 })
})

describe("beyond the rows", () => {
  const many = (count: number, spec: (i: number) => Spec) =>
    Array.from({ length: count }, (_, i) => ({ cookie: BigInt(i + 1000), ...spec(i) }))
  const incoming = (i: number): Spec => ({
    local: "10.0.0.1:80",
    remote: `10.0.${i % 3}.9:${1024 + i}`,
    ...counters(10, 20, { fin: 1, peerFin: 1 }),
  })

  test("connections are summed by peer, local port and process, and no byte is lost", () => {
    const look = watcher()
    look({ now: [listener] })
    const { closed, report } = look({ now: [listener], events: many(CLOSED_ROWS_MAX + 900, incoming) })
    const sums = closed.filter(({ count }) => count > 1)
    expect(sums.map(({ remote, count, tx, rx }) => ({ remote, count, tx, rx }))).toEqual(
      [2, 0, 1].map((i) => ({ remote: `10.0.${i}.9:0`, count: 300, tx: 3000, rx: 6000 })),
    )
    expect(closed.reduce((sum, { tx }) => sum + tx, 0)).toBe((CLOSED_ROWS_MAX + 900) * 10)
    expect(report).toMatchObject({ closed: CLOSED_ROWS_MAX + 900, summed: 900, withoutPeer: 0 })
  })

  test("outgoing ones by peer and the peer's port, since their own port is any", () => {
    const look = watcher()
    look({})
    const outgoing = (i: number): Spec => ({
      local: `10.0.0.1:${1024 + i}`,
      remote: "10.0.0.2:443",
      ...counters(10, 20, { syn: 1, fin: 1, peerFin: 1 }),
    })
    const { closed } = look({ events: many(CLOSED_ROWS_MAX + 900, outgoing) })
    expect(closed.filter(({ count }) => count > 1)).toMatchObject([
      { local: "10.0.0.1:0", remote: "10.0.0.2:443", count: 900, tx: 9000, rx: 18000 },
    ])
  })

  test("there are not more sums than the limit, and the bytes of the rest are there", () => {
    const look = watcher()
    look({ now: [listener] })
    const total = CLOSED_ROWS_MAX + CLOSED_SUMS_MAX + 700
    const everyPeer = (i: number): Spec => ({ ...incoming(i), remote: `10.1.${i >> 8}.${i & 255}:1024` })
    const { closed, report } = look({ now: [listener], events: many(total, everyPeer) })
    expect(closed.length).toBe(CLOSED_ROWS_MAX + CLOSED_SUMS_MAX + 1)
    expect(report.withoutPeer).toBe(700)
    expect(closed.at(-1)).toMatchObject({ remote: ":::0", count: 700, tx: 7000 })
  })
})

/** A kernel in small: sockets with counters, ends whose events come late or not at all, looks that are torn. */
type Step =
  | { do: "open"; namespace: number; isServer: boolean }
  | { do: "move"; pick: number; tx: number; rx: number }
  | { do: "close"; pick: number; hasTwin: boolean }
  | { do: "reset"; pick: number }
  | { do: "abort"; pick: number }
  | { do: "deliver"; pick: number }
  | { do: "lose"; pick: number }
  | { do: "look"; torn: readonly number[]; missed: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("open" as const), namespace: fc.nat(1), isServer: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("move" as const), pick: fc.nat(), tx: fc.nat(5000), rx: fc.nat(5000) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("close" as const), pick: fc.nat(), hasTwin: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reset" as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), pick: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("deliver" as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), pick: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("look" as const),
      torn: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.subarray([0, 1]) }),
      missed: fc.oneof({ weight: 5, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat() }),
    }),
  },
)

interface SimulatedSocket {
  cookie: bigint
  namespace: number
  isServer: boolean
  number: number
  tx: number
  rx: number
}

function simulate(steps: readonly Step[]) {
  const look = watcher()
  const alive: SimulatedSocket[] = []
  const twins = new Map<bigint, SimulatedSocket>()
  /** Ends whose event the kernel has not told yet. */
  const ending: { socket: SimulatedSocket; event: Spec }[] = []
  let events: Spec[] = []
  const truth = new Map<bigint, SimulatedSocket>()
  const credited = new Map<bigint, { tx: number; rx: number }>()
  /** Bytes that the looks say they do not know. */
  const declared = { lostEvents: 0, aborted: 0, unknown: 0, first: 0 }
  let opened = 0

  const endsOf = ({ isServer, number }: SimulatedSocket) =>
    isServer
      ? { local: "10.0.0.1:80", remote: `10.0.0.9:${2000 + number}` }
      : { local: `10.0.0.1:${2000 + number}`, remote: "10.0.0.8:443" }
  const specOf = (socket: SimulatedSocket): Spec => ({
    cookie: socket.cookie,
    namespace: socket.namespace,
    ...endsOf(socket),
    ...counters(socket.tx, socket.rx, { syn: socket.isServer ? 0 : 1, inFlight: (socket.number % 3) * 100 }),
  })
  const take = <T>(list: T[], pick: number) => list.splice(pick % list.length, 1)[0]!
  const lookNow = (torn: readonly number[], missed: number) => {
    const shown = alive.filter((_, i) => i !== missed % Math.max(1, alive.length) || missed < 0)
    const servers = [0, 1].map((namespace) => ({ ...listener, cookie: BigInt(900 + namespace), namespace }))
    // A torn list lacks one more of its sockets; a missed one lacks it and does not know.
    const now = shown.filter(({ namespace, number }) => !(torn.includes(namespace) && number % 2 === 0)).map(specOf)
    const waiting = [...twins.values()].map((socket): Spec => {
      const { info: _, ...spec } = specOf(socket)
      return { ...spec, state: "TIME_WAIT" }
    })
    const { rows, report } = look({ now: [...servers, ...now, ...waiting], events, torn })
    events = []
    twins.clear()
    for (const row of rows) {
      if (row.cookie >= 900n && row.cookie < 902n) continue
      if (row.mark === byteMark.first) declared.first++
      expect(row.mark === byteMark.wentBack || row.mark === byteMark.impossible).toBe(false)
      if (row.mark !== byteMark.exact) continue
      const sum = credited.get(row.cookie) ?? { tx: 0, rx: 0 }
      credited.set(row.cookie, { tx: sum.tx + row.tx, rx: sum.rx + row.rx })
    }
    declared.aborted += report.aborted
    declared.unknown += report.unknown
    return report
  }

  const act = (now: Step) => {
    if (now.do === "open") {
      opened++
      const { namespace, isServer } = now
      const socket = { cookie: BigInt(1000 + opened), namespace, isServer, number: opened, tx: 0, rx: 0 }
      alive.push(socket)
      truth.set(socket.cookie, socket)
    } else if (now.do === "move" && alive.length > 0) {
      const socket = alive[now.pick % alive.length]!
      socket.tx += now.tx
      socket.rx += now.rx
    } else if (now.do === "close" && alive.length > 0) {
      const socket = take(alive, now.pick)
      const final = counters(socket.tx, socket.rx, { syn: socket.isServer ? 0 : 1, fin: 1, peerFin: 1 })
      ending.push({ socket, event: { ...specOf(socket), ...final } })
      if (now.hasTwin) twins.set(socket.cookie, socket)
    } else if (now.do === "reset" && alive.length > 0) {
      const socket = take(alive, now.pick)
      ending.push({ socket, event: specOf(socket) })
    } else if (now.do === "abort" && alive.length > 0) {
      const socket = take(alive, now.pick)
      const { cookie, namespace } = socket
      const info = { pathMtu: 1500, bytesAcked: 0, bytesReceived: 0 }
      ending.push({ socket, event: { cookie, namespace, local: "10.0.0.1:5", remote: "0.0.0.0:0", info } })
    } else if (now.do === "deliver" && ending.length > 0) events.push(take(ending, now.pick).event)
    else if (now.do === "lose" && ending.length > 0) {
      take(ending, now.pick)
      declared.lostEvents++
    } else if (now.do === "look") lookNow(now.torn, now.missed)
  }

  lookNow([], -1)
  for (const now of steps) act(now)
  while (alive.length > 0) act({ do: "close", pick: 0, hasTwin: false })
  while (ending.length > 0) act({ do: "deliver", pick: 0 })
  const last: ClosedReport = lookNow([], -1)
  return { truth, credited, declared, last }
}

test("over any life of any connections, each byte is credited once, or the gap is counted", () => {
  let exact = 0
  let runs = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { truth, credited, declared, last } = simulate(steps)
      runs++
      const isWhole = Object.values(declared).every((count) => count === 0)
      if (isWhole) exact++
      for (const [cookie, socket] of truth) {
        const sum = credited.get(cookie) ?? { tx: 0, rx: 0 }
        // An end that was lost still has what the looks saw.
        expect(sum.tx).toBeLessThanOrEqual(socket.tx)
        expect(sum.rx).toBeLessThanOrEqual(socket.rx)
        if (isWhole) expect(sum).toEqual({ tx: socket.tx, rx: socket.rx })
      }
      for (const cookie of credited.keys()) expect(truth.has(cookie)).toBe(true)
      if (declared.lostEvents === 0) expect(last.awaiting).toBe(0)
    }),
    { numRuns: 600 },
  )
  // The law would be empty if nearly every run had a gap.
  expect(exact / runs).toBeGreaterThan(0.1)
})
