/** Diagnosis as it stands on the screen. */
import { describe, expect, test } from "bun:test"
import { actionsForMouse } from "../../src/core/app/keymap.ts"
import { roomOf } from "../../src/core/app/layout.ts"
import type { State } from "../../src/core/app/state.ts"
import { content } from "../../src/core/panels/diagnosis/lines.ts"
import { reading } from "../../src/core/sample/sample.ts"
import { plainText } from "../../src/core/text/line.ts"
import { cellWidth } from "../../src/core/text/width.ts"
import { apply, frame, type HostSpec, look, opened, panelFrame, press, statusLine, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"

const counters = (overflows: number) =>
  reading({ Tcp: { RetransSegs: 0, OutSegs: 0 }, TcpExt: { ListenOverflows: overflows, TCPOrigDataSent: 0 } })

const fine: HostSpec = {
  ...webServer,
  more: () => ({ counters: counters(5), conntrack: reading({ count: 2_318, max: 262_144 }) }),
}

/** A program that does not accept, connections to a database that does not answer, and a filling table. */
const troubled: HostSpec = {
  connections: [
    ...webServer.connections!,
    {
      state: "LISTEN",
      local: "0.0.0.0:9000",
      remote: "0.0.0.0:0",
      receiveQueue: 129,
      sendQueue: 128,
      process: "api",
      pid: 77,
    },
    ...Array.from({ length: 6 }, (_, i) => ({
      state: "SYN_SENT" as const,
      local: `10.0.0.10:${41_000 + i}`,
      remote: "198.51.100.200:5432",
      info: { retransmits: 2, backoff: 2 },
      process: "worker",
      pid: 78,
    })),
  ],
  more: (seconds) => ({
    counters: counters(5 + seconds * 30),
    conntrack: reading({ count: 190_000, max: 262_144 }),
    interface: reading({
      name: "eth0",
      rxBytes: 0,
      txBytes: 0,
      rxPackets: 0,
      txPackets: 0,
      rxErrors: 0,
      txErrors: 0,
      rxDropped: 0,
      txDropped: 0,
    }),
  }),
}

const focused = (state: State) => apply(state, { type: "app/focus", panel: "diagnosis" })
const picture = (state: State) => panelFrame(state, "diagnosis")
const slice = (state: State) => state.slices.diagnosis

describe("beside System Health", () => {
  test("before the second look", () => {
    expect(picture(look(opened(120, 40), fine))).toMatchInlineSnapshot(`
      "
      ┌─ Diagnosis ───────────────────────────────┐
      │ waiting for the second look…              │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      │                                           │
      └───────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  ? help  q quit
      "
    `)
  })
  test("nothing is wrong", () => {
    expect(picture(watching(120, 40, fine))).toMatchInlineSnapshot(`
      "
      ┌─ Diagnosis ────────────────── 1-14 of 60 ─┐
      │ OK   No dominant issue                    │
      │      retrans LOW SAMPLE, conntrack 0.9%   │
      │                                           │
      │ Not measured (31)                         │
      │ conntrack-full, descriptor-limit,         │
      │ ephemeral-ports-exhausted,                │
      │ neighbour-table-overflow, firewall-drops, │
      │ link-errors, softirq-one-cpu,             │
      │ nic-receive-loss, egress-queue-drops,     │
      │ conntrack-near-full, orphan-pressure,     │
      │ dns-failing, conntrack-insert-race,       │
      │ traffic-spike, conntrack-invalid,         │
      │ clock-wrong: not read by this command     │
      │ syn-flood: this kernel has no counter     │
      └───────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  ? help  q quit
      "
    `)
  })
  test("several findings; the first one is open", () => {
    expect(picture(watching(160, 60, troubled))).toMatchInlineSnapshot(`
      "
      ┌─ Diagnosis ───────────────────────────────────── 1-22 of 60 ─┐
      │▌CRIT A program does not accept its connections               │
      │      api (pid 77), port 9000 · high confidence · for 10s     │
      │      TcpExt.ListenOverflows 5 → 305 (30/s)                   │
      │      129 connections wait to be accepted, the backlog is 128 │
      │      Clients have connected, and the program that listens    │
      │      does not take their connections. Its queue is full, so  │
      │      the kernel ignores new ones, which clients see as a     │
      │      connection that hangs.                                  │
      │    1 look at the program's CPU, threads and garbage          │
      │      collection: it is not calling accept()                  │
      │    2 ss -ltn 'sport = :9000' shows the queue (Recv-Q) and    │
      │      the backlog (Send-Q)                                    │
      │    3 then raise the backlog in the program and               │
      │      net.core.somaxconn, and restart it                      │
      │      clears when no connection has been turned away and no   │
      │      queue is full for two looks                             │
      │ WARN A destination does not answer                           │
      │      worker (pid 78), peer 198.51.100.200 port 5432 · high   │
      │      confidence · for 10s                                    │
      │                                                              │
      │ Not measured (31)                                            │
      │ conntrack-full, descriptor-limit, ephemeral-ports-exhausted, │
      └──────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  Tab panel  p pause  i explain  ? help  q quit
      "
    `)
  })
})

describe("on a narrow screen", () => {
  const strip = (state: State) => frame(state).split("\n").slice(1, 3)

  test("one line says that nothing is wrong, or what is worst", () => {
    expect(strip(watching(80, 24, fine))).toMatchInlineSnapshot(`
      [
        " HEALTH OK  retrans LOW SAMPLE  conntrack 0.9%",
        " OK  No dominant issue  retrans LOW SAMPLE  conntrack 0.9%  states stable",
      ]
    `)
    expect(strip(watching(100 - 1, 24, troubled))).toMatchInlineSnapshot(`
      [
        " HEALTH CRIT  retrans LOW SAMPLE  conntrack 72.5%",
        " CRIT  A program does not accept its connections: api (pid 77), port 9000  +1 more",
      ]
    `)
  })

  test("with the focus it has the whole screen", () => {
    expect(frame(focused(watching(80, 24, troubled)))).toMatchInlineSnapshot(`
      "
       HEALTH CRIT  retrans LOW SAMPLE  conntrack 72.5%
       CRIT  A program does not accept its connections  +1 more
      ┌─ Diagnosis ───────────────────────────────────────────────────── 1-19 of 52 ─┐
      │▌CRIT A program does not accept its connections                               │
      │      api (pid 77), port 9000 · high confidence · for 10s                     │
      │      TcpExt.ListenOverflows 5 → 305 (30/s)                                   │
      │      129 connections wait to be accepted, the backlog is 128                 │
      │      Clients have connected, and the program that listens does not take      │
      │      their connections. Its queue is full, so the kernel ignores new ones,   │
      │      which clients see as a connection that hangs.                           │
      │    1 look at the program's CPU, threads and garbage collection: it is not    │
      │      calling accept()                                                        │
      │    2 ss -ltn 'sport = :9000' shows the queue (Recv-Q) and the backlog        │
      │      (Send-Q)                                                                │
      │    3 then raise the backlog in the program and net.core.somaxconn, and       │
      │      restart it                                                              │
      │      clears when no connection has been turned away and no queue is full for │
      │      two looks                                                               │
      │ WARN A destination does not answer                                           │
      │      worker (pid 78), peer 198.51.100.200 port 5432 · high confidence · for  │
      │      10s                                                                     │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ finding  Enter details  v charts  ? help  q quit
      "
    `)
  })
})

describe("keys", () => {
  const state = () => focused(watching(80, 24, troubled))

  test("the arrows select, Enter opens and closes, and the selection stays with its finding", () => {
    const second = press(state(), "down").state
    expect(slice(second).selected).toStartWith("upstream-unreachable ")
    expect(picture(second)).toContain("198.51.100.200")
    const closed = press(second, "enter").state
    expect(picture(closed)).not.toContain("clears when")
    expect(picture(press(closed, "enter").state)).toContain("clears when")
    expect(slice(look(second, troubled)).selected).toBe(slice(second).selected)
  })

  test("a click selects, and a click on the selected one closes it", () => {
    const at = (before: State, y: number) => apply(before, ...actionsForMouse(before, { kind: "click", x: 5, y }))
    const before = state()
    expect(slice(at(before, 3)).isOpen).toBe(false)
    const { starts } = content(slice(before), before, roomOf(before, "diagnosis").width)
    expect(slice(at(before, 3 + starts[1]!)).selected).toStartWith("upstream-unreachable ")
  })

  test("without a finding Enter says so", () => {
    expect(statusLine(press(focused(watching(80, 24, fine)), "enter").state)).toContain("there is no finding")
  })

  test("m hides addresses here too", () => {
    const masked = press(press(state(), "down").state, "m").state
    expect(picture(masked)).toMatch(/peer xxx\.[g-z]{3}\.100\.200/)
    expect(picture(masked)).not.toContain("198.51.100.200")
  })
})

test("health is the worst of everything that was judged", () => {
  const health = (state: State) => state.model!.health.level
  expect(health(watching(80, 24, fine))).toBe("ok")
  expect(health(watching(80, 24, troubled))).toBe("crit")
})

test("advice wraps and is never cut, at any width", () => {
  const state = watching(120, 40, troubled)
  const advice = state.diagnosis!.findings[0]!
  for (const width of [38, 44, 58, 78, 118]) {
    const { lines } = content(slice(state), state, width)
    const text = plainText(lines)
    for (const each of text.split("\n")) expect(cellWidth(each)).toBeLessThanOrEqual(width)
    const words = text.replace(/\s+/g, " ")
    for (const sentence of [advice.meaning, ...advice.next, ...advice.evidence]) expect(words).toContain(sentence)
    expect(text).not.toContain("…")
  }
})

describe("the history", () => {
  test("says what came and went", () => {
    let state = watching(100, 30, troubled)
    state = look(look(state, fine), fine)
    expect(frame(press(state, "d").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────── 1-12 of 12 ─┐┌─ System Health ──────────────────────┐
      │ by connection  TCP  sort bandwidth ↓                     ││ HEALTH OK                            │
      │ PROCESS       LPORT PEER                    ST   ↓TX+RX/s││ retrans LOW SAMPLE                   │
      │▌nginx           443 198.51.100.24:51822     EST   1.4MB/s││ conntrack 0.9%                       │
      │ nginx           443 203.0.113.77:40112      EST   646KB/s││ ESTABLISHED        10  ━━━━━━━━━━━━━ │
      │ nginx           443 [2001:db…70:7348]:50126 EST  48.0KB/s││ LISTEN              3  ━━━━          │
      │ sshd             22 192.0.2.15:59788        EST  10.7KB/s││ TIME_WAIT           3  ━━━━          │
      │ nginx           443 198.51.100.31:47004     EST    242B/s││ CLOSE_WAIT          1  ━             │
      │ api            8080 198.51.100.9:50544      CW       0B/s││ total              17 sockets        │
      │ nginx           443 198.51.100.24:51830     EST      0B/s││ Retransmits                          │
      │ nginx ┌─ Diagnosis history ──────────────────────────────────────────────────────────────┐ed,    │
      │ nginx?│ CRIT A program does not accept its connections                                   │       │
      │ nginx?│      api (pid 77), port 9000 · first seen 30s ago, last seen 10s ago, after 20s  │       │
      │ nginx?│ WARN A destination does not answer                                               │       │
      │ sshd  │      worker (pid 78), peer 198.51.100.200 port 5432 · first seen 30s ago, last   │       │
      │       │      seen 20s ago, after 10s                                                     │       │
      │       │                                                                                  │───────┘
      │       │ The last 2 of this session; at most 20 are kept                                  │of 74 ─┐
      │       └──────────────────────────────────────────────────────────────────────────────────┘       │
      │                                                          ││      retrans LOW SAMPLE, conntrack   │
      │                                                          ││      0.9%                            │
      │                                                          ││                                      │
      │                                                          ││ Recently                             │
      │                                                          ││ A program does not accept its        │
      │ ── all 14 connections  cover – of eth0 ───────────────── ││ connections, 0s ago                  │
      │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED         ││ A destination does not answer, 10s   │
      │ process 1204/nginx  uid 0                                ││ ago                                  │
      │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  ││                                      │
      └──────────────────────────────────────────────────────────┘└──────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ scroll  Esc close                                 holyf-network 1.0.0
      "
    `)
  })

  test("is empty where nothing was found; d and Esc close it", () => {
    const open = press(watching(80, 24, fine), "d").state
    expect(frame(open)).toContain("Nothing has been found yet")
    expect(press(open, "d").state.overlays).toEqual([])
    expect(press(open, "escape").state.overlays).toEqual([])
  })

  test("hiding addresses changes nothing in it", () => {
    const state = watching(100, 30, troubled)
    expect(press(state, "m").state.changes).toBe(state.changes)
  })
})
