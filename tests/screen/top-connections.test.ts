/** Top Connections as the operator sees it. Look at a picture before you accept it. */
import { describe, expect, test } from "bun:test"
import type { ConnectionSpec } from "../support/host.ts"
import { apply, frame, look, opened, panelFrame, press, typed, watching } from "../support/host.ts"
import { crowd, hostile, webServer } from "../support/hosts.ts"

const picture = (state: Parameters<typeof panelFrame>[0]) => panelFrame(state, "top-connections")

describe("by connection", () => {
  test("60x15", () => {
    expect(picture(watching(60, 15, webServer))).toMatchInlineSnapshot(`
      "
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
       eth0  0s ago   ↑↓ row  Enter details  ? help  q quit
      "
    `)
  })
  test("80x24", () => {
    expect(picture(watching(80, 24, webServer))).toMatchInlineSnapshot(`
      "
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
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
  test("100x30", () => {
    expect(picture(watching(100, 30, webServer))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────── 1-12 of 12 ─┐
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
      │ nginx?          443 203.0.113.77:40090      TW          –│
      │ nginx?          443 203.0.113.77:40094      TW          –│
      │ nginx?          443 203.0.113.77:40096      TW          –│
      │ sshd             22 192.0.2.15:59790        EST      0B/s│
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │ ── all 14 connections  cover – of eth0 ───────────────── │
      │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED         │
      │ process 1204/nginx  uid 0                                │
      │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  │
      └──────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  ? help  q quit
      "
    `)
  })
  test("120x40", () => {
    expect(picture(watching(120, 24, webServer))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────────────────────── 1-12 of 12 ─┐
      │ by connection  TCP  sort bandwidth ↓                                    │
      │ PROCESS       LPORT PEER                  ST   QUEUE     ↓TX/s     ↓RX/s│
      │▌nginx           443 198.51.100.24:51822   EST     0B   1.3MB/s  82.0KB/s│
      │ nginx           443 203.0.113.77:40112    EST  9.5KB   625KB/s  20.5KB/s│
      │ nginx           443 [2001:d…0:7348]:50126 EST     0B  46.9KB/s   1.2KB/s│
      │ sshd             22 192.0.2.15:59788      EST    36B  10.3KB/s    420B/s│
      │ nginx           443 198.51.100.31:47004   EST     0B    171B/s     71B/s│
      │ api            8080 198.51.100.9:50544    CW      1B      0B/s      0B/s│
      │ nginx           443 198.51.100.24:51830   EST     0B      0B/s      0B/s│
      │ nginx           443 198.51.100.31:47002   EST     0B      0B/s      0B/s│
      │ nginx?          443 203.0.113.77:40090    TW      0B         –         –│
      │ nginx?          443 203.0.113.77:40094    TW      0B         –         –│
      │ nginx?          443 203.0.113.77:40096    TW      0B         –         –│
      │ sshd             22 192.0.2.15:59790      EST     0B      0B/s      0B/s│
      │                                                                         │
      │                                                                         │
      │                                                                         │
      │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ──────── │
      │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED                        │
      │ process 1204/nginx  uid 0                                               │
      │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us                 │
      └─────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  ? help  q quit
      "
    `)
  })
  test("160x50", () => {
    expect(picture(watching(160, 24, webServer))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────────────────────────────────────────── 1-12 of 12 ─┐
      │ by connection  TCP  sort bandwidth ↓                                                         │
      │ PROCESS          LPORT PEER                            STATE        QUEUE     ↓TX/s     ↓RX/s│
      │▌1204/nginx         443 198.51.100.24:51822             ESTABLISHED     0B   1.3MB/s  82.0KB/s│
      │ 1204/nginx         443 203.0.113.77:40112              ESTABLISHED  9.5KB   625KB/s  20.5KB/s│
      │ 1204/nginx         443 [2001:db8:85…2e:370:7348]:50126 ESTABLISHED     0B  46.9KB/s   1.2KB/s│
      │ 2210/sshd           22 192.0.2.15:59788                ESTABLISHED    36B  10.3KB/s    420B/s│
      │ 1204/nginx         443 198.51.100.31:47004             ESTABLISHED     0B    171B/s     71B/s│
      │ 3391/api          8080 198.51.100.9:50544              CLOSE_WAIT      1B      0B/s      0B/s│
      │ 1204/nginx         443 198.51.100.24:51830             ESTABLISHED     0B      0B/s      0B/s│
      │ 1204/nginx         443 198.51.100.31:47002             ESTABLISHED     0B      0B/s      0B/s│
      │ 1204/nginx?        443 203.0.113.77:40090              TIME_WAIT       0B         –         –│
      │ 1204/nginx?        443 203.0.113.77:40094              TIME_WAIT       0B         –         –│
      │ 1204/nginx?        443 203.0.113.77:40096              TIME_WAIT       0B         –         –│
      │ 2210/sshd           22 192.0.2.15:59790                ESTABLISHED     0B      0B/s      0B/s│
      │                                                                                              │
      │                                                                                              │
      │                                                                                              │
      │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────────────────────── │
      │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED                                             │
      │ process 1204/nginx  uid 0                                                                    │
      │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  retransmitted 0                     │
      └──────────────────────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  Tab panel  p pause  i explain  ? help  q quit
      "
    `)
  })
  test("200x60", () => {
    expect(picture(watching(200, 24, webServer))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────────────────────────────────────────────────────────────────── 1-12 of 12 ─┐
      │ by connection  TCP  sort bandwidth ↓                                                                                 │
      │ PROCESS          SRC                    PEER                          STATE        SEND-Q  RECV-Q     ↓TX/s     ↓RX/s│
      │▌1204/nginx       10.0.0.10:443          198.51.100.24:51822           ESTABLISHED      0B      0B   1.3MB/s  82.0KB/s│
      │ 1204/nginx       10.0.0.10:443          203.0.113.77:40112            ESTABLISHED   9.5KB      0B   625KB/s  20.5KB/s│
      │ 1204/nginx       [2001:db8:1::10]:443   [2001:db8:8…e:370:7348]:50126 ESTABLISHED      0B      0B  46.9KB/s   1.2KB/s│
      │ 2210/sshd        10.0.0.10:22           192.0.2.15:59788              ESTABLISHED     36B      0B  10.3KB/s    420B/s│
      │ 1204/nginx       10.0.0.10:443          198.51.100.31:47004           ESTABLISHED      0B      0B    171B/s     71B/s│
      │ 3391/api         10.0.0.10:8080         198.51.100.9:50544            CLOSE_WAIT       0B      1B      0B/s      0B/s│
      │ 1204/nginx       10.0.0.10:443          198.51.100.24:51830           ESTABLISHED      0B      0B      0B/s      0B/s│
      │ 1204/nginx       10.0.0.10:443          198.51.100.31:47002           ESTABLISHED      0B      0B      0B/s      0B/s│
      │ 1204/nginx?      10.0.0.10:443          203.0.113.77:40090            TIME_WAIT        0B      0B         –         –│
      │ 1204/nginx?      10.0.0.10:443          203.0.113.77:40094            TIME_WAIT        0B      0B         –         –│
      │ 1204/nginx?      10.0.0.10:443          203.0.113.77:40096            TIME_WAIT        0B      0B         –         –│
      │ 2210/sshd        10.0.0.10:22           192.0.2.15:59790              ESTABLISHED      0B      0B      0B/s      0B/s│
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────────────────────────────────────────────── │
      │ 10.0.0.10:443 ← 198.51.100.24:51822  ESTABLISHED                                                                     │
      │ process 1204/nginx  uid 0                                                                                            │
      │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  retransmitted 0                                             │
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  Tab panel  p pause  i explain  ? help  q quit                               holyf-network 1.0.0
      "
    `)
  })
})

describe("by peer and process", () => {
  test("60x15", () => {
    expect(picture(press(watching(60, 15, webServer), "g").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────── 1-6 of 6 groups, 12 connections ─┐
      │ by peer and process  TCP  sort connections ↓             │
      │ PEER              ↓CONNS   TX+RX/s PROCESS      PORTS    │
      │▌203.0.113.77           4   646KB/s nginx        443      │
      │ 198.51.100.24          2   1.4MB/s nginx        443      │
      │ 192.0.2.15             2  10.7KB/s sshd         22       │
      │ 198.51.100.31          2    242B/s nginx        443      │
      │ 2001:…e:370:7348       1  48.0KB/s nginx        443      │
      │ 198.51.100.9           1      0B/s api          8080     │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  ? help  q quit
      "
    `)
  })
  test("80x24", () => {
    expect(picture(press(watching(80, 24, webServer), "g").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────── 1-6 of 6 groups, 12 connections ─┐
      │ by peer and process  TCP  sort connections ↓                                 │
      │ PEER                      ↓CONNS      TX/s      RX/s PROCESS      PORTS      │
      │▌203.0.113.77                   4   625KB/s  20.5KB/s nginx        443        │
      │ 198.51.100.24                  2   1.3MB/s  82.0KB/s nginx        443        │
      │ 192.0.2.15                     2  10.3KB/s    420B/s sshd         22         │
      │ 198.51.100.31                  2    171B/s     71B/s nginx        443        │
      │ 2001:db8:…:8a2e:370:7348       1  46.9KB/s   1.2KB/s nginx        443        │
      │ 198.51.100.9                   1      0B/s      0B/s api          8080       │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────── │
      │ 203.0.113.77  process nginx                                                  │
      │ states TW 75% (3)  EST 25% (1)                                               │
      │ ports 443                                                                    │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
  test("200x60", () => {
    expect(picture(press(watching(200, 24, webServer), "g").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────────────────────────────────────────────── 1-6 of 6 groups, 12 connections ─┐
      │ by peer and process  TCP  sort connections ↓                                                                         │
      │ PEER                                      ↓CONNS  SEND-Q  RECV-Q      TX/s      RX/s PROCESS       PORTS             │
      │▌203.0.113.77                                   4   9.5KB      0B   625KB/s  20.5KB/s nginx         443               │
      │ 198.51.100.24                                  2      0B      0B   1.3MB/s  82.0KB/s nginx         443               │
      │ 192.0.2.15                                     2     36B      0B  10.3KB/s    420B/s sshd          22                │
      │ 198.51.100.31                                  2      0B      0B    171B/s     71B/s nginx         443               │
      │ 2001:db8:85a3:8d3:1319:8a2e:370:7348           1      0B      0B  46.9KB/s   1.2KB/s nginx         443               │
      │ 198.51.100.9                                   1      0B      1B      0B/s      0B/s api           8080              │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────────────────────────────────────────────── │
      │ 203.0.113.77  process nginx                                                                                          │
      │ states TW 75% (3)  EST 25% (1)                                                                                       │
      │ ports 443                                                                                                            │
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  k block  / find  f port  o in/out  g group  v charts  Tab panel  p pause  i explain  ? help  q quit                               holyf-network 1.0.0
      "
    `)
  })
  test("outgoing: the ports are the peers'", () => {
    expect(picture(press(watching(200, 16, webServer), "o", "g").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Outgoing ─────────────────────────────────────────────────────────────────────── 1-1 of 1 group, 2 connections ─┐
      │ by peer and process  TCP  sort connections ↓                                                                         │
      │ PEER                                      ↓CONNS  SEND-Q  RECV-Q      TX/s      RX/s PROCESS       RPORTS            │
      │▌10.0.4.31                                      2      0B      0B   4.2KB/s  88.9KB/s api           5432              │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      │                                                                                                                      │
      └──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  Enter details  / find  f port  o in/out  g group  v charts  Tab panel  p pause  i explain  ? help  q quit                                        holyf-network 1.0.0
      "
    `)
  })
})

describe("states", () => {
  test("before the first look", () => {
    expect(picture(opened(60, 15))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────────────────────┐
      │ by connection  TCP  sort bandwidth ↓                     │
      │ looking…                                                 │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       eth0  first look…  ↑↓ row  / find  f port  ? help  q quit
      "
    `)
  })
  test("after one look there are no rates, which is not the same as none", () => {
    expect(picture(look(opened(80, 22), webServer))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────────────────────────── 1-11 of 12 ─┐
      │ by connection  TCP  sort bandwidth ↓                                         │
      │ PROCESS       LPORT PEER                       ST   QUEUE     ↓TX/s     ↓RX/s│
      │▌nginx           443 203.0.113.77:40112         EST  9.5KB         –         –│
      │ sshd             22 192.0.2.15:59788           EST    36B         –         –│
      │ api            8080 198.51.100.9:50544         CW      1B         –         –│
      │ nginx           443 198.51.100.24:51822        EST     0B         –         –│
      │ nginx           443 198.51.100.24:51830        EST     0B         –         –│
      │ nginx           443 198.51.100.31:47002        EST     0B         –         –│
      │ nginx           443 198.51.100.31:47004        EST     0B         –         –│
      │ nginx?          443 203.0.113.77:40090         TW      0B         –         –│
      │ nginx?          443 203.0.113.77:40094         TW      0B         –         –│
      │ nginx?          443 203.0.113.77:40096         TW      0B         –         –│
      │ nginx           443 [2001:db8…:370:7348]:50126 EST     0B         –         –│
      │ ── all 14 connections  cover – of eth0  tx –  rx – ───────────────────────── │
      │ 10.0.0.10:443 ← 203.0.113.77:40112  ESTABLISHED                              │
      │ process 1204/nginx  uid 0                                                    │
      │ rates need a second look  queued 9.5KB out 0B in  rtt 850us  retransmitted 0 │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
  test("nobody is here", () => {
    expect(picture(watching(60, 15, {}))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────────────────────┐
      │ by connection  TCP  sort bandwidth ↓                     │
      │ No incoming connections; o shows outgoing ones           │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  / find  f port  ? help  q quit
      "
    `)
  })
  test("nothing matches", () => {
    expect(picture(press(watching(60, 15, webServer), "/", ...typed("zzz"), "enter").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────────────────────┐
      │ by connection  TCP  sort bandwidth ↓  find zzz  F clears │
      │ No connection matches the filters                        │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  / find  f port  ? help  q quit
      "
    `)
  })
  test("sockets could not be read", () => {
    expect(
      picture(
        watching(60, 15, {
          failure: "cannot list IPv4 TCP sockets: EPERM (a security module refuses NETLINK_SOCK_DIAG)",
        }),
      ),
    ).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────────────────────────────┐
      │ by connection  TCP  sort bandwidth ↓                     │
      │ cannot list IPv4 TCP sockets: EPERM (a security module   │
      │ refuses NETLINK_SOCK_DIAG)                               │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      │                                                          │
      └──────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  / find  f port  ? help  q quit
      "
    `)
  })
  test("something could not be seen", () => {
    expect(
      picture(
        watching(80, 17, {
          ...webServer,
          notes: [
            { source: "owners", text: "process names of other users need root" },
            { source: "sockets", text: "3 sockets could not be read" },
          ],
        }),
      ),
    ).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ─────────────────────────────────────────────────── 1-9 of 12 ─┐
      │ by connection  TCP  sort bandwidth ↓                                         │
      │ 3 sockets could not be read                                                  │
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
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
  test("masked", () => {
    expect(picture(press(watching(80, 22, webServer), "m").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────────────────────────── 1-11 of 12 ─┐
      │ by connection  TCP  sort bandwidth ↓                                         │
      │ PROCESS       LPORT PEER                       ST   QUEUE     ↓TX/s     ↓RX/s│
      │▌nginx           443 xxx.ruv.100.24:51822       EST     0B   1.3MB/s  82.0KB/s│
      │ nginx           443 xxx.vhn.113.77:40112       EST  9.5KB   625KB/s  20.5KB/s│
      │ nginx           443 [xxxx:upoo::7348]:50126    EST     0B  46.9KB/s   1.2KB/s│
      │ sshd             22 xxx.gvw.2.15:59788         EST    36B  10.3KB/s    420B/s│
      │ nginx           443 xxx.ruv.100.31:47004       EST     0B    171B/s     71B/s│
      │ api            8080 xxx.ruv.100.9:50544        CW      1B      0B/s      0B/s│
      │ nginx           443 xxx.ruv.100.24:51830       EST     0B      0B/s      0B/s│
      │ nginx           443 xxx.ruv.100.31:47002       EST     0B      0B/s      0B/s│
      │ nginx?          443 xxx.vhn.113.77:40090       TW      0B         –         –│
      │ nginx?          443 xxx.vhn.113.77:40094       TW      0B         –         –│
      │ nginx?          443 xxx.vhn.113.77:40096       TW      0B         –         –│
      │ ── all 14 connections  cover – of eth0  tx 2.0MB/s  rx 193KB/s ───────────── │
      │ xxx.uog.0.10:443 ← xxx.ruv.100.24:51822  ESTABLISHED                         │
      │ process 1204/nginx  uid 0                                                    │
      │ tx 1.3MB/s  rx 82.0KB/s  queued 0B out 0B in  rtt 850us  retransmitted 0     │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  MASKED  0s ago   ↑↓ row  Enter details  k block  / find  ? help  q quit
      "
    `)
  })
  test("filtered", () => {
    expect(
      picture(
        press(watching(80, 17, webServer), "f", ...typed("443"), "enter", "/", ...typed("!time_wait"), "enter").state,
      ),
    ).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ──────────────────────────────────────────────────── 1-6 of 6 ─┐
      │ by connection  TCP  sort bandwidth ↓  port 443  find !time_wait  F clears    │
      │ PROCESS       LPORT PEER                       ST   QUEUE     ↓TX/s     ↓RX/s│
      │▌nginx           443 198.51.100.24:51822        EST     0B   1.3MB/s  82.0KB/s│
      │ nginx           443 203.0.113.77:40112         EST  9.5KB   625KB/s  20.5KB/s│
      │ nginx           443 [2001:db8…:370:7348]:50126 EST     0B  46.9KB/s   1.2KB/s│
      │ nginx           443 198.51.100.31:47004        EST     0B    171B/s     71B/s│
      │ nginx           443 198.51.100.24:51830        EST     0B      0B/s      0B/s│
      │ nginx           443 198.51.100.31:47002        EST     0B      0B/s      0B/s│
      │                                                                              │
      │                                                                              │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
  test("while something is searched", () => {
    expect(picture(press(watching(80, 17, webServer), "/", ...typed("nginx")).state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────────────────────────── 1-10 of 12 ─┐
      │ Find: nginx                                                                  │
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
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  Enter apply  Esc cancel          holyf-network 1.0.0
      "
    `)
  })
  test("a port that is none", () => {
    expect(picture(press(watching(60, 15, webServer), "f", ...typed("99999"), "enter").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ─────────────────────────────── 1-8 of 12 ─┐
      │ Local port: 99999   a port is a number from 1 to 65535   │
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
       eth0  0s ago   every 30s  Enter apply  Esc cancel
      "
    `)
  })
  test("the selected row has ended", () => {
    const selected = press(watching(80, 22, webServer), "down", "down").state
    const rest = webServer.connections!.filter(
      ({ remote }) => remote !== "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:50126",
    )
    const gone = look(look(selected, webServer), { connections: rest })
    expect(picture(gone)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ────────────────────────────────────────────────── 1-11 of 11 ─┐
      │ by connection  TCP  sort bandwidth ↓                                         │
      │ PROCESS       LPORT PEER                       ST   QUEUE     ↓TX/s     ↓RX/s│
      │ nginx           443 198.51.100.24:51822        EST     0B   1.3MB/s  82.0KB/s│
      │ nginx           443 203.0.113.77:40112         EST  9.5KB   625KB/s  20.5KB/s│
      │▌sshd             22 192.0.2.15:59788           EST    36B  10.3KB/s    420B/s│
      │ nginx           443 198.51.100.31:47004        EST     0B    171B/s     71B/s│
      │ api            8080 198.51.100.9:50544         CW      1B      0B/s      0B/s│
      │ nginx           443 198.51.100.24:51830        EST     0B      0B/s      0B/s│
      │ nginx           443 198.51.100.31:47002        EST     0B      0B/s      0B/s│
      │ nginx?          443 203.0.113.77:40090         TW      0B         –         –│
      │ nginx?          443 203.0.113.77:40094         TW      0B         –         –│
      │ nginx?          443 203.0.113.77:40096         TW      0B         –         –│
      │ sshd             22 192.0.2.15:59790           EST     0B      0B/s      0B/s│
      │ ── all 13 connections  cover – of eth0  tx 1.9MB/s  rx 192KB/s ───────────── │
      │ the selected row has ended; arrows select another                            │
      │                                                                              │
      │                                                                              │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   every 30s  ↑↓ row  / find  f port  o in/out  ? help  q quit
      "
    `)
  })
  test("names that try to leave their column", () => {
    expect(picture(watching(66, 26, hostile))).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ──────────────────────────────────── 1-15 of 18 ─┐
      │ by connection  TCP  sort bandwidth ↓                           │
      │ PROCESS       LPORT PEER                          ST   ↓TX+RX/s│
      │▌␛[31mred␛[0m    443 198.51.100.1:50000            EST  17.6KB/s│
      │ ␛]0;title␇      443 198.51.100.2:50000            EST  16.6KB/s│
      │ ·2J·H           443 198.51.100.3:50000            EST  15.6KB/s│
      │ a␉b␍␊c          443 198.51.100.4:50000            EST  14.6KB/s│
      │ [red]bold[/]    443 198.51.100.5:50000            EST  13.7KB/s│
      │ 漢字かな交じ…   443 198.51.100.6:50000            EST  12.7KB/s│
      │ 🚀🚀🚀🚀🚀🚀…   443 198.51.100.7:50000            EST  11.7KB/s│
      │ 👩·👩·👧·👦f…   443 198.51.100.8:50000            EST  10.7KB/s│
      │ ····            443 198.51.100.9:50000            EST   9.8KB/s│
      │ e····           443 198.51.100.10:50000           EST   8.8KB/s│
      │ ·gnp.exe        443 198.51.100.11:50000           EST   7.8KB/s│
      │ ···             443 198.51.100.12:50000           EST   6.8KB/s│
      │ caf�            443 198.51.100.13:50000           EST   5.9KB/s│
      │ שלום עולם       443 198.51.100.14:50000           EST   4.9KB/s│
      │ ﾊﾝｶｸ            443 198.51.100.15:50000           EST   3.9KB/s│
      │ ── all 18 connections  cover – of eth0  tx 167KB/s  rx 0B/s ── │
      │ 10.0.0.10:443 ← 198.51.100.1:50000  ESTABLISHED                │
      │ process 100/␛[31mred␛[0m  uid 0                                │
      │ tx 17.6KB/s  rx 0B/s  queued 0B out 0B in  rtt 850us           │
      └────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  ? help  q quit
      "
    `)
  })
  test("thousands", () => {
    expect(picture(press(watching(80, 15, crowd(4312)), "end").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ──────────────────────────────────────── 4,305-4,312 of 4,312 ─┐
      │ by connection  TCP  sort bandwidth ↓                                         │
      │ PROCESS       LPORT PEER                       ST   QUEUE     ↓TX/s     ↓RX/s│
      │ nginx           443 10.1.8.104:44304           EST     0B   7.8KB/s      0B/s│
      │ nginx           443 10.1.8.104:44305           EST     0B   6.8KB/s      0B/s│
      │ nginx           443 10.1.8.105:44306           EST     0B   5.9KB/s      0B/s│
      │ nginx           443 10.1.8.105:44307           EST     0B   4.9KB/s      0B/s│
      │ nginx           443 10.1.8.106:44308           EST     0B   3.9KB/s      0B/s│
      │ nginx           443 10.1.8.106:44309           EST     0B   2.9KB/s      0B/s│
      │ nginx           443 10.1.8.107:44310           EST     0B   2.0KB/s      0B/s│
      │▌nginx           443 10.1.8.107:44311           EST     0B   1000B/s      0B/s│
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
  test("thousands, by peer", () => {
    expect(picture(press(watching(80, 15, crowd(4312)), "g", "pagedown").state)).toMatchInlineSnapshot(`
      "
      ┌─ Top Incoming ───────────────────── 9-16 of 2,156 groups, 4,312 connections ─┐
      │ by peer and process  TCP  sort connections ↓                                 │
      │ PEER                      ↓CONNS      TX/s      RX/s PROCESS      PORTS      │
      │▌10.1.0.8                       2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.9                       2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.10                      2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.11                      2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.12                      2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.13                      2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.14                      2   8.2MB/s      0B/s nginx        443        │
      │ 10.1.0.15                      2   8.2MB/s      0B/s nginx        443        │
      └──────────────────────────────────────────────────────────────────────────────┘
       eth0  0s ago   ↑↓ row  Enter details  k block  / find  f port  ? help  q quit
      "
    `)
  })
})

test("a screen that is too small says what is needed", () => {
  const small = apply(watching(80, 24, webServer), { type: "screen/resized", size: { width: 40, height: 5 } })
  expect(frame(small)).toMatchInlineSnapshot(`
    "
    40x5 is too small
    holyf-network needs 60x15
    Ctrl+C quits


    "
  `)
})

describe("what is not known is not shown as known", () => {
  const detailOf = (connection: ConnectionSpec) => picture(watching(80, 24, { connections: [connection] }))

  test("nobody holds it: no user, and no listener where it had none", () => {
    const closed = { local: "10.0.0.10:51000", remote: "203.0.113.7:443", state: "TIME_WAIT", inode: 0 } as const
    const shown = picture(press(watching(80, 24, { connections: [closed] }), "o").state)
    expect(shown).toContain("process unknown ")
    expect(shown).not.toContain("uid")
  })
  test("root's own socket has a user", () => {
    expect(detailOf({ local: "10.0.0.10:22", remote: "203.0.113.7:443", process: "sshd" })).toContain("uid 0")
  })

  // Without root every process is `-`: the reason must be where that is seen, on the smallest screen too.
  const nobody = {
    ...webServer,
    notes: [{ source: "processes", text: "some process names are missing: reading every process needs root" }],
  }
  test.each([
    [60, 15],
    [80, 24],
    [200, 60],
  ])("missing process names are said at %dx%d beside the rows, and take none away", (width, height) => {
    const before = picture(watching(width, height, webServer)).split("\n")
    const after = picture(watching(width, height, nobody)).split("\n")
    expect(after.filter((line) => line.includes("some process names ar"))).toHaveLength(1)
    expect(after.filter((line, i) => line !== before[i])).toHaveLength(1)
  })
  test("a filter is said before it", () => {
    const { state } = press(watching(60, 15, nobody), "/", ..."nginx", "enter")
    expect(picture(state)).toContain("find nginx  F clears")
  })
  test.each([
    [60, 15],
    [80, 24],
    [120, 16],
  ])("System Health says them in full at %dx%d", (width, height) => {
    const { state } = press(watching(width, height, nobody), "tab")
    expect(panelFrame(state, "system-health").replace(/[│\s]+/g, " ")).toContain("reading every process needs root")
  })
})
