/** The whole dashboard at the four sizes it is made for, as an operator sees it a minute after the start. */
import { expect, test } from "bun:test"
import { reading } from "../../src/core/sample/sample.ts"
import { frame, type HostSpec, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"
import { carried, secondsOf } from "../support/seconds.ts"

const host: HostSpec = {
  ...webServer,
  more: (seconds) => ({
    counters: reading({ Tcp: { RetransSegs: 0, OutSegs: seconds * 900 }, TcpExt: { TCPOrigDataSent: seconds * 700 } }),
    conntrack: reading({ count: 2_318, max: 262_144 }),
    own: reading({ cpuUs: seconds * 9_000, rssBytes: 61 * 2 ** 20 }),
    load: reading([0.42, 0.38, 0.31] as const),
  }),
}

const seconds = secondsOf(62, (i) => ({
  rx: 90_000 + (i % 7) * 9_000,
  tx: 2_000_000 + (i % 11) * 90_000,
  isUnread: i >= 20 && i < 26,
}))
const minute = (width: number, height: number) =>
  frame(carried(watching(width, height, host), seconds, { speedBitsPerSecond: 1e9 }))

test("60x15", () => {
  expect(minute(60, 15)).toMatchInlineSnapshot(`
    "
     HEALTH OK  retrans LOW SAMPLE  conntrack 0.9%
     OK  No dominant issue  retrans LOW SAMPLE  conntrack 0.9%
    ┌─ Top Incoming ─────────────────────────────── 1-8 of 12 ─┐
    │ by connection  TCP  sort bandwidth ↓                     │
    │ PROCESS       LPORT PEER                    ST   ↓TX+RX/s│
    │▌nginx           443 198.51.100.24:51822     EST   1.4MB/s│
    │ nginx           443 203.0.113.77:40112      EST   646KB/s│
    │ nginx           443 [2001:db…70:7348]:50126 EST  48.0KB/s│
    │ sshd             22 192.0.2.15:59788        EST  10.7KB/s│
    │ nginx           443 198.51.100.31:47004     EST    242B/s│
    │ api            8080 198.51.100.9:50544      CW       0B/s│
    │ nginx           443 198.51.100.24:51830     EST      0B/s│
    │ nginx           443 198.51.100.31:47002     EST      0B/s│
    └──────────────────────────────────────────────────────────┘
     eth0  1m2s ago  ↑↓ row  Enter details  ? help  q quit
    "
  `)
})

test("80x24", () => {
  expect(minute(80, 24)).toMatchInlineSnapshot(`
    "
     HEALTH OK  retrans LOW SAMPLE  conntrack 0.9%  eth0 132KB/s in  2.4MB/s out
     OK  No dominant issue  retrans LOW SAMPLE  conntrack 0.9%  states stable
    ┌─ Top Incoming ────────────────────────────────────────────────── 1-12 of 12 ─┐
    │ by connection  TCP  sort bandwidth ↓                                         │
    │ PROCESS       LPORT PEER                       ST   QUEUE     ↓TX/s     ↓RX/s│
    │▌nginx           443 198.51.100.24:51822        EST     0B   1.3MB/s  82.0KB/s│
    │ nginx           443 203.0.113.77:40112         EST  9.5KB   625KB/s  20.5KB/s│
    │ nginx           443 [2001:db8…:370:7348]:50126 EST     0B  46.9KB/s   1.2KB/s│
    │ sshd             22 192.0.2.15:59788           EST    36B  10.3KB/s    420B/s│
    │ nginx           443 198.51.100.31:47004        EST     0B    171B/s     71B/s│
    │ api            8080 198.51.100.9:50544         CW      1B      0B/s      0B/s│
    │ nginx           443 198.51.100.24:51830        EST     0B      0B/s      0B/s│
    │ nginx           443 198.51.100.31:47002        EST     0B      0B/s      0B/s│
    │ nginx?          443 203.0.113.77:40090         TW      0B         –         –│
    │ nginx?          443 203.0.113.77:40094         TW      0B         –         –│
    │ nginx?          443 203.0.113.77:40096         TW      0B         –         –│
    │ sshd             22 192.0.2.15:59790           EST     0B      0B/s      0B/s│
    │                                                                              │
    │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────── │
    │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED                             │
    │ process 1204/nginx  uid 0                                                    │
    │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  retransmitted 0     │
    └──────────────────────────────────────────────────────────────────────────────┘
     eth0  1m2s ago  ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
    "
  `)
})

test("120x40", () => {
  expect(minute(120, 40)).toMatchInlineSnapshot(`
    "
    ┌─ Top Incoming ───────────────────────────────────────────── 1-12 of 12 ─┐┌─ System Health ───────────────────────────┐
    │ by connection  TCP  sort bandwidth ↓                                    ││ HEALTH OK                                 │
    │ PROCESS       LPORT PEER                  ST   QUEUE     ↓TX/s     ↓RX/s││ retrans LOW SAMPLE                        │
    │▌nginx           443 198.51.100.24:51822   EST     0B   1.3MB/s  82.0KB/s││ conntrack 0.9%                            │
    │ nginx           443 203.0.113.77:40112    EST  9.5KB   625KB/s  20.5KB/s││ ESTABLISHED        10  ━━━━━━━━━━━━━━━━━━ │
    │ nginx           443 [2001:d…0:7348]:50126 EST     0B  46.9KB/s   1.2KB/s││ LISTEN              3  ━━━━━              │
    │ sshd             22 192.0.2.15:59788      EST    36B  10.3KB/s    420B/s││ TIME_WAIT           3  ━━━━━              │
    │ nginx           443 198.51.100.31:47004   EST     0B    171B/s     71B/s││ CLOSE_WAIT          1  ━━                 │
    │ api            8080 198.51.100.9:50544    CW      1B      0B/s      0B/s││ total              17 sockets             │
    │ nginx           443 198.51.100.24:51830   EST     0B      0B/s      0B/s││ Retransmits                               │
    │ nginx           443 198.51.100.31:47002   EST     0B      0B/s      0B/s││ LOW SAMPLE: 10 of 20 established, 700/s   │
    │ nginx?          443 203.0.113.77:40090    TW      0B         –         –││ of 60/s segments sent                     │
    │ nginx?          443 203.0.113.77:40094    TW      0B         –         –││ Interface eth0                            │
    │ nginx?          443 203.0.113.77:40096    TW      0B         –         –││ RX           132KB/s ██▇█▇█––█▇█▇█▇██▇█▇█ │
    │ sshd             22 192.0.2.15:59790      EST     0B      0B/s      0B/s││ TX           2.4MB/s ▇██▇▇█––██▇▇██▇▇██▇█ │
    │                                                                         ││ packets   0/s RX, 0/s TX                  │
    │                                                                         ││ speed     1.0 Gb/s  2.0% used             │
    │                                                                         ││ errors    0 RX, 0 TX since up             │
    │                                                                         ││ drops     0 RX, 0 TX since up             │
    │                                                                         ││ Conntrack                                 │
    │                                                                         ││ 2,318 of 262,144  0.9%                    │
    │                                                                         ││                                           │
    │                                                                         │└───────────────────────────────────────────┘
    │                                                                         │┌─ Diagnosis ────────────────── 1-14 of 63 ─┐
    │                                                                         ││ OK   No dominant issue                    │
    │                                                                         ││      retrans LOW SAMPLE, conntrack 0.9%   │
    │                                                                         ││                                           │
    │                                                                         ││ Not measured (32)                         │
    │                                                                         ││ conntrack-full, descriptor-limit,         │
    │                                                                         ││ ephemeral-ports-exhausted,                │
    │                                                                         ││ neighbour-table-overflow, firewall-drops, │
    │                                                                         ││ link-errors, softirq-one-cpu,             │
    │                                                                         ││ nic-receive-loss, egress-queue-drops,     │
    │                                                                         ││ conntrack-near-full, orphan-pressure,     │
    │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ──────── ││ dns-failing, conntrack-insert-race,       │
    │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED                        ││ traffic-spike, conntrack-invalid,         │
    │ process 1204/nginx  uid 0                                               ││ clock-wrong: not read by this command     │
    │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us                 ││ accept-queue-overflow: this kernel has no │
    └─────────────────────────────────────────────────────────────────────────┘└───────────────────────────────────────────┘
     eth0  1m2s ago  every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  ? help  q quit
    "
  `)
})

test("200x60", () => {
  expect(minute(200, 60)).toMatchInlineSnapshot(`
    "
    ┌─ Top Incoming ────────────────────────────────────────────────────────────────────────────────────────── 1-12 of 12 ─┐┌─ System Health ──────────────────────────────────────────────────────────────┐
    │ by connection  TCP  sort bandwidth ↓                                                                                 ││ HEALTH OK                                                                    │
    │ PROCESS          SRC                    PEER                          STATE        SEND-Q  RECV-Q     ↓TX/s     ↓RX/s││ retrans LOW SAMPLE                                                           │
    │▌1204/nginx       10.0.0.10:443          198.51.100.24:51822           ESTABLISHED      0B      0B   1.3MB/s  82.0KB/s││ conntrack 0.9%                                                               │
    │ 1204/nginx       10.0.0.10:443          203.0.113.77:40112            ESTABLISHED   9.5KB      0B   625KB/s  20.5KB/s││                                                                              │
    │ 1204/nginx       [2001:db8:1::10]:443   [2001:db8:8…e:370:7348]:50126 ESTABLISHED      0B      0B  46.9KB/s   1.2KB/s││ ESTABLISHED        10  ━━━━━━━━━━━━━━━━━━━━                                  │
    │ 2210/sshd        10.0.0.10:22           192.0.2.15:59788              ESTABLISHED     36B      0B  10.3KB/s    420B/s││ LISTEN              3  ━━━━━━                                                │
    │ 1204/nginx       10.0.0.10:443          198.51.100.31:47004           ESTABLISHED      0B      0B    171B/s     71B/s││ TIME_WAIT           3  ━━━━━━                                                │
    │ 3391/api         10.0.0.10:8080         198.51.100.9:50544            CLOSE_WAIT       0B      1B      0B/s      0B/s││ CLOSE_WAIT          1  ━━                                                    │
    │ 1204/nginx       10.0.0.10:443          198.51.100.24:51830           ESTABLISHED      0B      0B      0B/s      0B/s││ total              17 sockets                                                │
    │ 1204/nginx       10.0.0.10:443          198.51.100.31:47002           ESTABLISHED      0B      0B      0B/s      0B/s││                                                                              │
    │ 1204/nginx?      10.0.0.10:443          203.0.113.77:40090            TIME_WAIT        0B      0B         –         –││ Retransmits                                                                  │
    │ 1204/nginx?      10.0.0.10:443          203.0.113.77:40094            TIME_WAIT        0B      0B         –         –││ LOW SAMPLE: 10 of 20 established, 700/s of 60/s segments sent                │
    │ 1204/nginx?      10.0.0.10:443          203.0.113.77:40096            TIME_WAIT        0B      0B         –         –││                                                                              │
    │ 2210/sshd        10.0.0.10:22           192.0.2.15:59790              ESTABLISHED      0B      0B      0B/s      0B/s││ Interface eth0                                                               │
    │                                                                                                                      ││ RX           132KB/s ▇█▇▇▇█▆▇█–––█▆▇█▇▇▇█▆▇█▇▇▇█▆▇█                          │
    │                                                                                                                      ││ TX           2.4MB/s ▇▇███▇▇██–––████▇▇███▇▇▇███▇▇█                          │
    │                                                                                                                      ││ packets   0/s RX, 0/s TX                                                     │
    │                                                                                                                      ││ speed     1.0 Gb/s  2.0% used                                                │
    │                                                                                                                      ││ errors    0 RX, 0 TX since up                                                │
    │                                                                                                                      ││ drops     0 RX, 0 TX since up                                                │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││ Conntrack                                                                    │
    │                                                                                                                      ││ 2,318 of 262,144  0.9%                                                       │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││ this tool 0.9% CPU  61.0MB                                                   │
    │                                                                                                                      ││ host load 0.42  0.38  0.31                                                   │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      │└──────────────────────────────────────────────────────────────────────────────┘
    │                                                                                                                      │┌─ Diagnosis ───────────────────────────────────────────────────── 1-22 of 37 ─┐
    │                                                                                                                      ││ OK   No dominant issue                                                       │
    │                                                                                                                      ││      retrans LOW SAMPLE, conntrack 0.9%                                      │
    │                                                                                                                      ││                                                                              │
    │                                                                                                                      ││ Not measured (32)                                                            │
    │                                                                                                                      ││ conntrack-full, descriptor-limit, ephemeral-ports-exhausted,                 │
    │                                                                                                                      ││ neighbour-table-overflow, firewall-drops, link-errors, softirq-one-cpu,      │
    │                                                                                                                      ││ nic-receive-loss, egress-queue-drops, conntrack-near-full, orphan-pressure,  │
    │                                                                                                                      ││ dns-failing, conntrack-insert-race, traffic-spike, conntrack-invalid,        │
    │                                                                                                                      ││ clock-wrong: not read by this command                                        │
    │                                                                                                                      ││ accept-queue-overflow: this kernel has no counter TcpExt.ListenOverflows or  │
    │                                                                                                                      ││ TcpExt.ListenDrops                                                           │
    │                                                                                                                      ││ syn-flood: this kernel has no counter TcpExt.TCPReqQFullDoCookies or         │
    │                                                                                                                      ││ TcpExt.TCPReqQFullDrop                                                       │
    │                                                                                                                      ││ tcp-memory-pressure, softnet-drops, interface-saturated: not read in this    │
    │                                                                                                                      ││ test                                                                         │
    │                                                                                                                      ││ no-route: this kernel has no counter Ip.OutNoRoutes or IpExt.InNoRoutes or   │
    │                                                                                                                      ││ TcpExt.IPReversePathFilter                                                   │
    │                                                                                                                      ││ cloud-allowance-exceeded: its counters stand in the network driver (ethtool  │
    │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────────────────────────────────────────────── ││ -S), which is not read                                                       │
    │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED                                                                     ││ socket-backlog-drops: this kernel has no counter TcpExt.TCPBacklogDrop or    │
    │ process 1204/nginx  uid 0                                                                                            ││ TcpExt.PFMemallocDrop or TcpExt.TCPRcvQDrop or TcpExt.TCPZeroWindowDrop      │
    │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  retransmitted 0                                             ││ udp-receive-loss: this kernel has no counter Udp.RcvbufErrors or             │
    └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘└──────────────────────────────────────────────────────────────────────────────┘
     eth0  link 1.0 Gb/s  1m2s ago  every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  Tab panel  p pause  i explain  ? help  q quit               holyf-network 1.0.0
    "
  `)
})
