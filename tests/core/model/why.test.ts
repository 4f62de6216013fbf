/** The verdict of each cause, from two looks at one socket a second apart. */
import { expect, test } from "bun:test"
import { deriveWhys, type Why, whys } from "../../../src/core/model/why.ts"
import { linkPrevious } from "../../../src/core/sample/link.ts"
import type { TcpInfo } from "../../../src/core/wire/tcp-info.ts"
import { type SocketSpec, tableOf } from "../../support/sockets.ts"

const MSS = 1_448
const SECOND_US = 1_000_000
const MB = 1_000_000

/** A connection in good health, in the middle of its life. */
const healthy: TcpInfo = {
  congestionState: 0,
  retransmits: 0,
  probes: 0,
  backoff: 0,
  flags: 0,
  rtoUs: 200_000,
  sendMss: MSS,
  unacked: 0,
  lastAckReceivedMs: 10,
  pathMtu: 1_500,
  rttUs: 10_000,
  minRttUs: 9_000,
  sendCwnd: 100,
  notSentBytes: 0,
  busyTimeUs: 0,
  receiveWindowLimitedUs: 0,
  sendBufferLimitedUs: 0,
  bytesAcked: 50 * MB,
  bytesSent: 50 * MB,
  bytesRetransmitted: 0,
  duplicateSacks: 0,
  reorderSeen: 0,
  receiveOutOfOrder: 0,
}

interface Case {
  readonly info?: Partial<TcpInfo>
  readonly before?: Partial<TcpInfo>
  readonly socket?: Partial<SocketSpec>
  readonly socketBefore?: Partial<SocketSpec>
  /** There was no look before. */
  readonly isFirst?: boolean
}

function verdict({ info = {}, before = {}, socket = {}, socketBefore = {}, isFirst = false }: Case): Why {
  const cookie = 7n
  const spec = (given: Partial<TcpInfo>, rest: Partial<SocketSpec>) =>
    tableOf([{ cookie, ...rest, info: { ...healthy, ...given } }])
  const now = spec(info, socket)
  const past = isFirst ? undefined : spec(before, socketBefore)
  linkPrevious(now, past)
  const why = new Uint8Array(1)
  deriveWhys(why, now, past, 1_000)
  return whys[why[0]!]!
}

const moved = (bytes: number) => ({ bytesSent: 50 * MB + bytes, bytesAcked: 50 * MB + bytes })
const stalled = { unacked: 10, retransmits: 3, backoff: 3, rtoUs: 1_600_000, lastAckReceivedMs: 3_000 }

test.each<[string, Why, Case]>([
  ["nothing moves", "-", {}],
  [
    "sends at once, all the time, without a limit in sight",
    "-",
    { info: { ...moved(MB), busyTimeUs: SECOND_US * 0.6 } },
  ],
  [
    "a listener's queues are no connection's",
    "-",
    { socket: { state: "LISTEN" }, info: { unacked: 9, retransmits: 9 } },
  ],
  ["a SYN without an answer", "dead", { socket: { state: "SYN_SENT" }, info: { backoff: 1, retransmits: 1 } }],
  ["a SYN that has just been sent", "-", { socket: { state: "SYN_SENT" } }],
  ["timeouts, and nothing comes back", "dead", { info: stalled }],
  ["the first segment after an hour of silence", "-", { info: { unacked: 1, lastAckReceivedMs: 3_600_000 } }],
  ["full-size segments vanish", "mtu", { info: { ...stalled, bytesAcked: 900 }, socket: { sendQueue: 20_000 } }],
  ["small segments vanish too", "dead", { info: { ...stalled, bytesAcked: 900 }, socket: { sendQueue: 100 } }],
  ["full-size segments vanish where they have passed before", "dead", { info: stalled, socket: { sendQueue: 20_000 } }],
  ["losing now", "loss", { info: { congestionState: 4 } }],
  ["in a timeout now", "loss", { info: { retransmits: 1, backoff: 1, unacked: 3 } }],
  ["two percent sent again", "loss", { info: { ...moved(MB), bytesRetransmitted: 20_000, busyTimeUs: SECOND_US } }],
  [
    "half a percent sent again",
    "-",
    { info: { ...moved(MB), bytesRetransmitted: 5_000, busyTimeUs: SECOND_US * 0.6 } },
  ],
  [
    "one of three segments sent again says nothing",
    "-",
    { info: { ...moved(3 * MSS), bytesRetransmitted: MSS, busyTimeUs: SECOND_US * 0.5 } },
  ],
  [
    "sent again, and it had all arrived",
    "reorder",
    { info: { ...moved(MB), bytesRetransmitted: 20 * MSS, duplicateSacks: 19 } },
  ],
  [
    "DSACKs of an earlier time do not count",
    "loss",
    { info: { ...moved(MB), bytesRetransmitted: 20 * MSS, duplicateSacks: 19 }, before: { duplicateSacks: 19 } },
  ],
  [
    "a counter of 16 bits that wrapped",
    "reorder",
    {
      info: { ...moved(MB), bytesRetransmitted: 20 * MSS, duplicateSacks: 65_540 },
      before: { duplicateSacks: 65_530 },
    },
  ],
  [
    "the peer's window was closed most of the time",
    "peer-window",
    { info: { ...moved(MB), busyTimeUs: SECOND_US, receiveWindowLimitedUs: 600_000 } },
  ],
  ["probing a closed window is no loss", "peer-window", { socket: { timer: 4 }, info: { backoff: 3, unacked: 0 } }],
  [
    "our buffer was the limit for a quarter of the time",
    "sndbuf",
    { info: { ...moved(MB), busyTimeUs: SECOND_US, sendBufferLimitedUs: 250_000 } },
  ],
  [
    "shares of too little time say nothing",
    "app",
    { info: { ...moved(MSS), busyTimeUs: 100_000, receiveWindowLimitedUs: 90_000 } },
  ],
  [
    "clocks of the whole life say nothing of this window",
    "-",
    {
      info: { busyTimeUs: 9e8, receiveWindowLimitedUs: 9e8 },
      before: { busyTimeUs: 9e8, receiveWindowLimitedUs: 9e8 },
    },
  ],
  [
    "a clock that wrapped around at 32 bits",
    "peer-window",
    {
      info: { ...moved(MB), busyTimeUs: 2 ** 32 + 500_000, receiveWindowLimitedUs: 2 ** 32 + 400_000 },
      before: { busyTimeUs: 2 ** 32 - 500_000, receiveWindowLimitedUs: 2 ** 32 - 500_000 },
    },
  ],
  ["a round trip far above its best", "queue", { info: { ...moved(MB), rttUs: 200_000, minRttUs: 10_000 } }],
  ["a long way is no queue", "-", { info: { rttUs: 210_000, minRttUs: 200_000 } }],
  [
    "an idle connection keeps its last round trip",
    "-",
    { info: { rttUs: 200_000, minRttUs: 10_000, lastAckReceivedMs: 60_000 } },
  ],
  ["one window a round trip, all the time", "cwnd", { info: { ...moved(14 * MB), busyTimeUs: SECOND_US } }],
  ["the program sends now and then", "app", { info: { ...moved(20_000), busyTimeUs: 50_000 } }],
  [
    "the kernel says that the program was the limit",
    "app",
    { info: { ...moved(MB), busyTimeUs: SECOND_US * 0.6, flags: 1 } },
  ],
  [
    "data waits and the program does not read",
    "app",
    { socket: { receiveQueue: 900 }, socketBefore: { receiveQueue: 900 } },
  ],
  [
    "born in the window: all it has done counts",
    "peer-window",
    { info: { busyTimeUs: 800_000, receiveWindowLimitedUs: 700_000 }, socketBefore: { cookie: 8n } },
  ],
  ["a first look: only what is happening now", "loss", { info: { congestionState: 3 }, isFirst: true }],
  [
    "a first look: shares of a whole life say nothing",
    "-",
    { info: { busyTimeUs: 9e8, receiveWindowLimitedUs: 8e8 }, isFirst: true },
  ],
])("%s: %s", (_, expected, given) => expect(verdict(given)).toBe(expected))

test("without tcp_info nothing is known", () => {
  const table = tableOf([{ state: "TIME_WAIT" }])
  linkPrevious(table, undefined)
  const why = new Uint8Array(1)
  deriveWhys(why, table, undefined, 0)
  expect(whys[why[0]!]).toBe("-")
})
