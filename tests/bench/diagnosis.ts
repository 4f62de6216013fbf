/**
 * What a diagnosis costs beyond the model: all rules over the sockets of two looks, and reading the counters of one
 * namespace. `bun tests/bench/diagnosis.ts 100000` prints the rows. Needs no privilege.
 */
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import { diagnose, initialDiagnosisState } from "../../src/core/diagnosis/diagnose.ts"
import { rules } from "../../src/core/diagnosis/rules/index.ts"
import { deriveEvidence } from "../../src/core/model/evidence.ts"
import { deriveModel } from "../../src/core/model/model.ts"
import { createRateTable } from "../../src/core/model/rates.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import { missing, reading, type Sample } from "../../src/core/sample/sample.ts"
import { appendSocket, createSocketTable, type SocketTable } from "../../src/core/sample/socket-table.ts"
import { IPPROTO_TCP } from "../../src/core/wire/inet-diag.ts"
import { datagram } from "../../src/core/wire/message.ts"
import { readCounters, readSocketStatistics, readSoftnet } from "../../src/shell/procfs.ts"
import { socketBytes } from "../support/sockets.ts"
import type { BenchRow } from "./bench.ts"

const LOOKS = 30
const PROCESSES = 40

/** Connections of a busy host: most in good health, one in a hundred in some trouble, a tenth in TIME_WAIT. */
function tableOf(socketCount: number, second: number): SocketTable {
  const table = createSocketTable(socketCount)
  for (let i = 0; i < socketCount; i++) {
    const isOver = i % 10 === 0
    const isTroubled = i % 100 === 1
    const bytes = socketBytes({
      cookie: BigInt(i + 1),
      inode: isOver ? 0 : i + 1,
      state: isOver ? "TIME_WAIT" : i % 1_000 === 2 ? "CLOSE_WAIT" : "ESTABLISHED",
      local: `10.0.0.1:${i % 3 === 0 ? 443 : 20_000 + (i % 40_000)}`,
      remote: `10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:${i % 3 === 0 ? 30_000 + (i % 30_000) : 5432}`,
      receiveQueue: isTroubled ? 90_000 : 0,
      ...(isOver
        ? {}
        : {
            memory: { receiveBuffer: 131_072, receiveAllocated: isTroubled ? 90_000 : 0, sendBuffer: 87_040 },
            info: {
              sendMss: 1_448,
              pathMtu: 1_500,
              rtoUs: 204_000,
              rttUs: 2_000,
              minRttUs: 1_500,
              sendCwnd: 10,
              retransmits: 0,
              unacked: 2,
              lastAckReceivedMs: 10,
              busyTimeUs: 500_000 * second,
              bytesAcked: 100_000 * second,
              bytesReceived: 9_000,
              bytesSent: 100_000 * second,
              bytesRetransmitted: isTroubled ? 5_000 * second : 0,
              duplicateSacks: 0,
              reorderSeen: 0,
              receiveOutOfOrder: 0,
            },
          }),
    })
    appendSocket(table, datagram(bytes), 0, bytes.length, IPPROTO_TCP)
    table.owner[i] = isOver ? -1 : i % PROCESSES
  }
  return table
}

const owners = Array.from({ length: PROCESSES }, (_, i) => ({
  pid: 100 + i,
  startTime: 1,
  name: `worker-${i}`,
  isSure: true,
  sharerCount: 1,
}))

const unread = missing("not part of this measurement")

function sampleOf(table: SocketTable, second: number): Sample {
  return {
    at: second * 1_000,
    monotonicMs: second * 1_000,
    sockets: reading({ table, owners, isComplete: true }),
    counters: readCounters(),
    socketStatistics: readSocketStatistics(),
    softnet: readSoftnet(),
    interface: unread,
    addresses: unread,
    conntrack: unread,
    own: unread,
    load: unread,
    notes: [],
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

export function measureDiagnosis(socketCount = 100_000): BenchRow[] {
  const before = tableOf(socketCount, 1)
  const now = tableOf(socketCount, 2)
  linkPrevious(now, before)
  for (let i = 0; i < socketCount; i++) now.owner[i] = before.owner[i]!
  const previous = sampleOf(before, 1)
  const sample = sampleOf(now, 2)
  const into = createRateTable()
  const thresholds = defaultThresholds
  const modelMs: number[] = []
  const rulesMs: number[] = []
  const countersMs: number[] = []
  let state = initialDiagnosisState
  for (let look = 0; look < LOOKS; look++) {
    const start = performance.now()
    const model = deriveModel({ sample, previous, into, thresholds })
    const middle = performance.now()
    const evidence = deriveEvidence({ sample, previous, model, thresholds })
    state = diagnose(evidence, state, { rules }).state
    const end = performance.now()
    readCounters()
    const read = performance.now()
    modelMs.push(middle - start)
    rulesMs.push(end - middle)
    countersMs.push(read - end)
  }
  const row = (name: string, figure: number, target?: number): BenchRow => ({
    name,
    figure: Number(figure.toPrecision(4)),
    unit: "ms",
    ...(target !== undefined && { target }),
  })
  return [
    row(`model of ${socketCount} sockets, WHY included`, median(modelMs)),
    row(`all ${rules.length} rules over ${socketCount} sockets`, median(rulesMs), 10),
    row("protocol counters of one namespace", median(countersMs), 1),
  ]
}

if (import.meta.main) console.table(measureDiagnosis(Number(process.argv[2] ?? 100_000)))
