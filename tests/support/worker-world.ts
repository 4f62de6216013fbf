/**
 * A worker in a world that a test steps: clocks, timers and looks are the test's, files are real, below a folder of its
 * own.
 */
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import type { WorkerRecord } from "../../src/core/daemon/worker-record.ts"
import { createRateTable } from "../../src/core/model/rates.ts"
import { missing, reading, type Sample } from "../../src/core/sample/sample.ts"
import type { Zone } from "../../src/core/snapshot/local-day.ts"
import type { Look } from "../../src/shell/collect.ts"
import { Worker, type WorkerSettings, type WorkerWorld } from "../../src/shell/daemon/worker.ts"
import { DataFolder } from "../../src/shell/files/data-folder.ts"
import { WorkerLock } from "../../src/shell/files/worker-lock.ts"
import { tableOf } from "./sockets.ts"

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

export class WorkerClock {
  private sleepers = new Set<Sleeper>()
  private mono = 0

  constructor(public wallMs: number) {}

  readonly now = () => this.wallMs
  readonly monotonicMs = () => this.mono

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const sleeper = {
        dueMs: this.mono + ms,
        wake: () => {
          this.sleepers.delete(sleeper)
          resolve()
        },
      }
      this.sleepers.add(sleeper)
      signal.addEventListener("abort", sleeper.wake, { once: true })
    })

  /** Both clocks go on, without anybody waking: a look that takes its time. */
  pass(ms: number): void {
    this.mono += ms
    this.wallMs += ms
  }

  /** The wall clock is set. */
  step(ms: number): void {
    this.wallMs += ms
  }

  /** Time goes on by `ms`; whoever is due wakes in order and does all that follows. */
  async advance(ms: number): Promise<void> {
    const end = this.mono + ms
    for (;;) {
      await settle()
      const next = [...this.sleepers].sort((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined || next.dueMs > end) break
      this.pass(Math.max(0, next.dueMs - this.mono))
      next.wake()
    }
    this.pass(Math.max(0, end - this.mono))
    await settle()
  }
}

/** Lets promises run until they wait for the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve()
}

export const defaultSettings: WorkerSettings = {
  intervalSeconds: 30,
  topLimit: 500,
  retentionHours: 168,
  minFree: 0,
  isCompressing: false,
  thresholds: defaultThresholds,
}

const counters = {
  rxBytes: 0,
  txBytes: 0,
  rxPackets: 0,
  txPackets: 0,
  rxErrors: 0,
  txErrors: 0,
  rxDropped: 0,
  txDropped: 0,
}

/** One connection, and a time. */
export function lookAt(at: number, monotonicMs: number, failure?: string): Look {
  const table = tableOf([{ local: "10.0.0.1:2000", remote: "192.0.2.1:80" }])
  const sample: Sample = {
    at,
    monotonicMs,
    sockets: failure === undefined ? reading({ table, owners: [], isComplete: true }) : missing(failure),
    counters: reading({}),
    socketStatistics: reading({}),
    softnet: reading([]),
    interface: reading({ name: "eth0", ...counters }),
    addresses: reading([]),
    conntrack: reading({ count: 0, max: 100 }),
    own: reading({ cpuUs: 0, rssBytes: 1 }),
    load: reading([0, 0, 0]),
    notes: [],
  }
  return { sample, rates: createRateTable() }
}

export interface WorkerTest {
  readonly path: string
  readonly clock: WorkerClock
  readonly worker: Worker
  readonly lock: WorkerLock
  readonly log: string[]
  readonly notified: string[]
  readonly running: Promise<void>
  /** Answers whether the worker was ready when it settled. */
  readonly isReady: () => boolean
}

export interface WorkerTestOptions {
  readonly clock: WorkerClock
  readonly zone: Zone
  readonly settings?: Partial<WorkerSettings>
  readonly run?: string
  readonly look?: (shown: Sample | undefined) => Promise<Look>
  /** CPU milliseconds that each look seems to cost. */
  readonly costMs?: () => number
  readonly watchdogMs?: number
  readonly identity?: Partial<WorkerRecord>
  /** Hears before each look but the first how many lines were written. */
  readonly say?: (text: string) => void
}

/** Starts a worker in `path`; answers nothing when another holds the lock. */
export async function startWorker(path: string, options: WorkerTestOptions): Promise<WorkerTest | undefined> {
  const { clock, zone, run = "run" } = options
  const folder = DataFolder.open(path, { create: true })
  const lock = WorkerLock.tryTake(folder)
  if (lock === undefined) {
    folder.close()
    return undefined
  }
  const log: string[] = []
  const notified: string[] = []
  let cpuMs = 0
  const world: WorkerWorld = {
    now: clock.now,
    monotonicMs: clock.monotonicMs,
    zone,
    cpuMs: () => cpuMs,
    sleep: clock.sleep,
    look: async (shown) => {
      cpuMs += options.costMs?.() ?? 1
      return options.look === undefined ? lookAt(clock.now(), clock.monotonicMs()) : options.look(shown)
    },
    log: (text) => void log.push(text),
    rest: () => {},
    collectGarbage: () => {},
    notify: (message) => void notified.push(message),
    ...(options.watchdogMs === undefined ? {} : { watchdogMs: options.watchdogMs }),
  }
  const identity: WorkerRecord = {
    pid: process.pid,
    data_dir: path,
    pid_file: `${path}/daemon.pid`,
    lock_file: `${path}/.daemon.lock`,
    started_at: "2026-01-01T00:00:00Z",
    ...options.identity,
  }
  const worker = new Worker(folder, lock, { ...defaultSettings, ...options.settings }, world, {
    identity,
    run,
    interfaceName: "eth0",
    version: "1.0.0",
    keepState: ({ lines }) => options.say?.(`lines ${lines}`),
    tidyUp: () => {},
  })
  let isReady = false
  const running = worker.run(() => {
    isReady = true
    options.say?.("ready")
  })
  // A failure is the test's to await; until then it is nobody's.
  running.catch(() => {})
  await settle()
  return { path, clock, worker, lock, log, notified, running, isReady: () => isReady }
}
