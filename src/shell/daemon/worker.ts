/**
 * The worker: looks at the host when it is due and writes a line, until it is told to stop.
 *
 * Looks never overlap. Whatever goes wrong is told in the next line, in the record that `status` reads, and once in the
 * log; only the loss of the lock ends the work. Clock, timers and the collector are handed in.
 */
import { unlinkSync } from "node:fs"
import type { Thresholds } from "../../core/config/thresholds.ts"
import { clockStep, missedTicks, nextTickAt, type Tick, tickOf } from "../../core/daemon/schedule.ts"
import { medianCost, type Stretch, stretch, unstretched } from "../../core/daemon/stretch.ts"
import type { WorkerRecord } from "../../core/daemon/worker-record.ts"
import { failedSources } from "../../core/export/notes.ts"
import type { Sample } from "../../core/sample/sample.ts"
import { type SnapshotMore, writeEventLine, writeSnapshotLine } from "../../core/snapshot/line.ts"
import { type Day, localDay, type Zone } from "../../core/snapshot/local-day.ts"
import type { SnapshotEvent } from "../../core/snapshot/schema.ts"
import { closedSegments } from "../../core/snapshot/segments.ts"
import { timestamp } from "../../core/text/timestamp.ts"
import { bytes } from "../../core/text/units.ts"
import type { Look } from "../collect.ts"
import { exitCodes, Failure, worldFailure } from "../failure.ts"
import { compressDay, isDraft } from "../files/compress.ts"
import { DataFolder } from "../files/data-folder.ts"
import { defaultMinFree, pruneFolder } from "../files/prune.ts"
import { SegmentWriter } from "../files/segment-writer.ts"
import { WorkerLock } from "../files/worker-lock.ts"
import { errorCode } from "../text-file.ts"
import { LookLines } from "./look-line.ts"

export interface WorkerWorld {
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly zone: Zone
  /** CPU time of this program so far, milliseconds. */
  readonly cpuMs: () => number
  /** Ends early when the signal says so. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** `shown` is the look before. */
  readonly look: (shown: Sample | undefined) => Promise<Look>
  readonly log: (text: string) => void
  /** Gives back what the last look needed: about 2 ms. */
  readonly rest: () => void
  /** Collects everything that looks have left: about 6 ms. */
  readonly collectGarbage: () => void
  /** Words to the service manager. */
  readonly notify: (message: string) => void
  /** The manager wants a sign of life at least this often. */
  readonly watchdogMs?: number
}

/** What a reload may change. */
export interface WorkerSettings {
  readonly intervalSeconds: number
  readonly topLimit: number
  readonly retentionHours: number
  readonly maxSize?: number
  readonly minFree?: number
  readonly isCompressing: boolean
  readonly thresholds: Thresholds
}

export interface WorkerOptions {
  /** Who we are; the worker keeps the rest of its record. */
  readonly identity: WorkerRecord
  readonly run: string
  readonly interfaceName: string
  readonly version: string
  /** Puts the state file right when it is missing or torn. */
  readonly keepState: (record: WorkerRecord) => void
  /** Removes what says that this worker runs; called while the lock still keeps successors out. */
  readonly tidyUp: () => void
}

/** A look that hangs does not hold up the end for longer. */
const STOP_MS = 2_000
/** At this interval or above every line is on the disk before the next look. */
const SYNC_EVERY_LINE_SECONDS = 10
const SYNC_MS = 10_000
/** Memory is given back before a sleep, not more often than this. */
const REST_MS = 4_900
const COLLECT_MS = 19_900
/** Events that wait for a line that can be written. */
const EVENTS_MAX = 50
/** A full disk is pruned this often. */
const RESCUE_MS = 600_000
/** Between two frames of a closed day: one takes about 10 ms. */
const FRAME_PAUSE_MS = 200

export class Worker {
  private readonly ending = new AbortController()
  private writer: SegmentWriter
  private record: WorkerRecord
  private shown: Sample | undefined
  private readonly lines = new LookLines()
  private tick: Tick | undefined
  private instant: { readonly at: number; readonly monotonicMs: number }
  private stretch: Stretch = unstretched
  private restedAt = Number.NEGATIVE_INFINITY
  private collectedAt = Number.NEGATIVE_INFINITY
  private seq = 0
  private day: Day | undefined
  private events: SnapshotEvent[] = []
  private failing = new Set<string>()
  private lostSince = 0
  private rescuedAt = Number.NEGATIVE_INFINITY
  private compressing: Promise<void> = Promise.resolve()
  private readonly errors = new Map<string, string>()

  constructor(
    private folder: DataFolder,
    private lock: WorkerLock,
    private settings: WorkerSettings,
    private readonly world: WorkerWorld,
    private readonly options: WorkerOptions,
  ) {
    this.record = { ...options.identity, ...inRecord(settings), lines: 0, lost_lines: 0, missed_ticks: 0, errors: [] }
    this.writer = new SegmentWriter(folder, this.writerOptions())
    this.instant = { at: world.now(), monotonicMs: world.monotonicMs() }
  }

  /**
   * Works until `stop`. `onReady` is called when the first line is on its way to the disk. Throws a `Failure` when that
   * line cannot be written, or when another worker took the data directory over.
   */
  async run(onReady: () => void): Promise<void> {
    try {
      this.removeDrafts()
      this.prune("start")
      this.happened("start")
      await this.lookAndWrite()
      this.tick = tickOf(this.world.now(), this.world.monotonicMs(), this.intervalMs)
      if (this.record.lines === 0 && !this.isEnding)
        throw worldFailure([...this.errors.values()][0] ?? `no line could be written to ${this.folder.path}`)
      onReady()
      this.maintain()
      while (!this.isEnding) {
        await this.waitForTick()
        if (this.isEnding) break
        this.keepPlace()
        await this.lookAndWrite()
        this.maintain()
      }
      this.writeStop()
    } finally {
      this.ending.abort()
      await this.compressing
      this.writer.close()
      this.options.tidyUp()
      this.lock.release()
      this.folder.close()
    }
  }

  /** Asks for the end: a last line, and everything given back. */
  stop(): void {
    this.ending.abort()
  }

  reload(settings: WorkerSettings): void {
    this.settings = settings
    this.stretch = unstretched
    this.writer.configure(this.writerOptions())
    this.record = { ...this.record, ...inRecord(settings) }
    this.happened("reload")
  }

  private get isEnding(): boolean {
    return this.ending.signal.aborted
  }

  private get intervalMs(): number {
    return this.settings.intervalSeconds * 1000 * this.stretch.factor
  }

  private writerOptions() {
    const everyLine = this.settings.intervalSeconds >= SYNC_EVERY_LINE_SECONDS
    return { syncEveryMs: everyLine ? 0 : SYNC_MS, monotonicMs: this.world.monotonicMs }
  }

  // ---- time --------------------------------------------------------------------------------------------------------

  private async waitForTick(): Promise<void> {
    const { world } = this
    const intervalMs = this.intervalMs
    const start = world.monotonicMs()
    const waitMs = nextTickAt(world.now(), intervalMs) - world.now()
    for (;;) {
      // The wall clock may be set while we sleep; how long we slept is what counts.
      const leftMs = waitMs - (world.monotonicMs() - start)
      if (leftMs <= 1) break
      await world.sleep(Math.min(leftMs, (world.watchdogMs ?? Number.POSITIVE_INFINITY) / 2), this.ending.signal)
      if (this.isEnding) return
      world.notify("WATCHDOG=1")
    }
    this.noteStep()
    const tick = tickOf(world.now(), world.monotonicMs(), intervalMs)
    const missed = this.tick === undefined ? 0 : missedTicks(this.tick, tick, intervalMs)
    if (missed > 0) {
      this.record = { ...this.record, missed_ticks: (this.record.missed_ticks ?? 0) + missed }
      this.happened("missed-tick", { count: missed, text: `no look in ${missed} of the intervals before` })
    }
    this.tick = tick
  }

  private noteStep(): void {
    const now = { at: this.world.now(), monotonicMs: this.world.monotonicMs() }
    const step = clockStep(this.instant, now)
    this.instant = now
    if (step === 0) return
    const text = `the clock was set by ${step > 0 ? "+" : ""}${(step / 1000).toFixed(1)} s, or the host slept`
    this.happened("clock-step", { text })
  }

  private timestamp(at: number): string {
    return timestamp({ at, offsetMinutes: this.world.zone(at) })
  }

  // ---- one line ----------------------------------------------------------------------------------------------------

  private async lookAndWrite(): Promise<void> {
    const cpuBefore = this.world.cpuMs()
    const look = await this.look()
    this.noteStep()
    if (look === undefined && this.isEnding) return
    if (look === undefined) this.writeLine(this.world.now(), (capturedAt, more) => this.eventLine(capturedAt, more))
    else this.writeLook(look)
    this.adapt(this.world.cpuMs() - cpuBefore)
    this.writeRecord()
    this.restWhenDue()
  }

  /** Nothing when the sockets could not be read, or when the end came first. */
  private async look(): Promise<Look | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>()
    const giveUp = () => void setTimeout(() => resolve(undefined), STOP_MS).unref()
    this.ending.signal.addEventListener("abort", giveUp, { once: true })
    try {
      const look = await Promise.race([this.world.look(this.shown), late])
      if (look === undefined) return undefined
      this.noteSources(failedSources(look.sample))
      return look.sample.sockets.ok ? look : undefined
    } catch (error) {
      // A fault of ours in one look must not end the history.
      const text = error instanceof Error ? `${error.message}` : String(error)
      this.noteSources([`look: ${text}`])
      return undefined
    } finally {
      this.ending.signal.removeEventListener("abort", giveUp)
    }
  }

  /** A source that fails, or answers again, is an event once. */
  private noteSources(failed: readonly string[]): void {
    const now = new Set(failed)
    for (const text of now) if (!this.failing.has(text)) this.happened("source-failed", { text })
    for (const text of this.failing) if (!now.has(text)) this.happened("source-back", { text })
    this.failing = now
  }

  private writeLook(look: Look): void {
    const { interfaceName, version, identity } = this.options
    const { model, more: found } = this.lines.read(look, this.shown, this.settings.thresholds)
    this.shown = look.sample
    const { connections } = model
    if (!connections.ok) return
    this.writeLine(look.sample.at, (capturedAt, more) =>
      writeSnapshotLine(connections.value, {
        capturedAt,
        interfaceName,
        topLimitPerSide: this.settings.topLimit,
        version,
        ownPid: identity.pid,
        usage: model.own.ok ? model.own.value : {},
        more: { ...more, ...found },
      }),
    )
  }

  private eventLine(capturedAt: string, more: SnapshotMore): string {
    const { interfaceName, version } = this.options
    return writeEventLine({ capturedAt, interfaceName, topLimitPerSide: this.settings.topLimit, version, more })
  }

  /** Writes what `compose` makes, with every event that has not been told yet. */
  private writeLine(at: number, compose: (capturedAt: string, more: SnapshotMore) => string): void {
    const day = localDay(at, this.world.zone)
    const problem = this.prepare(day)
    const intervalSeconds = Math.round(this.intervalMs / 1000)
    const line = compose(this.timestamp(at), {
      epochMs: Math.round(at),
      worker: {
        run: this.options.run,
        seq: this.seq + 1,
        intervalSeconds,
        ...(this.stretch.factor === 1 ? {} : { stretchedFromSeconds: this.settings.intervalSeconds }),
      },
      events: this.lostEvent().concat(this.events),
    })
    const result = problem === undefined ? this.writer.append(line) : ({ ok: false, reason: problem } as const)
    if (!result.ok) {
      this.lost(result.reason)
      return
    }
    this.seq++
    this.day = day
    this.events = []
    this.lostSince = 0
    this.fine("write")
    this.record = { ...this.record, lines: this.seq, last_snapshot_at: this.timestamp(at) }
  }

  /** Why no line can be written now, or nothing. */
  private prepare(day: Day): string | undefined {
    try {
      for (const { kind, text, count } of this.writer.prepare(day)) this.happened(kind, { text, count })
      const { free } = this.folder.space()
      const minFree = this.minFree
      return free < minFree
        ? `the file system of ${this.folder.path} has ${bytes(free)} left, and ${bytes(minFree)} belong to others (--min-free)`
        : undefined
    } catch (error) {
      return error instanceof Error && error.name === "Failure"
        ? error.message
        : `cannot open the segment of ${day} in ${this.folder.path}: ${errorCode(error)}`
    }
  }

  private get minFree(): number {
    return this.settings.minFree ?? defaultMinFree(this.folder)
  }

  private lost(reason: string): void {
    this.lostSince++
    this.record = { ...this.record, lost_lines: (this.record.lost_lines ?? 0) + 1 }
    this.wrong("write", reason)
    // Old days give way to what happens now.
    if (this.world.monotonicMs() - this.rescuedAt < RESCUE_MS) return
    this.rescuedAt = this.world.monotonicMs()
    this.prune("disk full")
  }

  private lostEvent(): SnapshotEvent[] {
    if (this.lostSince === 0) return []
    const text = this.errors.get("write") ?? "lines could not be written"
    return [{ at: this.timestamp(this.world.now()), kind: "lost-lines", count: this.lostSince, text }]
  }

  private writeStop(): void {
    this.happened("stop")
    this.writeLine(this.world.now(), (capturedAt, more) => this.eventLine(capturedAt, more))
    try {
      this.writer.sync()
    } catch (error) {
      this.wrong("sync", `cannot sync ${this.folder.path}: ${errorCode(error)}`)
    }
    this.record = { ...this.record, ended_at: this.timestamp(this.world.now()) }
    this.writeRecord()
  }

  /** Between two looks the worker needs next to nothing. */
  private restWhenDue(): void {
    const now = this.world.monotonicMs()
    if (now - this.restedAt < REST_MS) return
    this.restedAt = now
    if (now - this.collectedAt >= COLLECT_MS) {
      this.collectedAt = now
      this.world.collectGarbage()
    }
    this.world.rest()
  }

  private adapt(costMs: number): void {
    const { factor } = this.stretch
    this.stretch = stretch(this.stretch, costMs, this.settings.intervalSeconds * 1000)
    if (this.stretch.factor === factor) return
    const seconds = this.settings.intervalSeconds * this.stretch.factor
    this.happened(this.stretch.factor === 1 ? "interval-restored" : "interval-stretched", {
      text: `a look costs ${Math.round(medianCost(this.stretch.costs))} ms of CPU: one every ${seconds} s`,
    })
    this.tick = tickOf(this.world.now(), this.world.monotonicMs(), this.intervalMs)
  }

  // ---- what is kept in order ---------------------------------------------------------------------------------------

  /** The folder and the lock are still those that others find; else they are made again. Throws `TakenOver`. */
  private keepPlace(): void {
    try {
      if (!this.folder.isInPlace()) this.moveIn()
      if (!this.lock.keep()) throw new TakenOver(this.folder.path)
      this.options.keepState(this.record)
      this.fine("place")
    } catch (error) {
      if (error instanceof TakenOver) throw error
      const why = error instanceof Error && error.name === "Failure" ? error.message : errorCode(error)
      this.wrong("place", `cannot keep the files of the worker in ${this.folder.path}: ${why}`)
    }
  }

  private moveIn(): void {
    const folder = DataFolder.open(this.folder.path, { create: true })
    const lock = WorkerLock.tryTake(folder)
    if (lock === undefined) {
      folder.close()
      throw new TakenOver(this.folder.path)
    }
    this.happened("data-dir-gone", { text: `${folder.path} was deleted or moved, and was made again` })
    this.writer.move(folder)
    this.lock.release()
    this.folder.close()
    this.folder = folder
    this.lock = lock
  }

  /** Once a day: what is old goes, what is over is compressed. */
  private maintain(): void {
    if (this.day === undefined || this.day === this.maintained) return
    const isFirst = this.maintained === undefined
    this.maintained = this.day
    if (!isFirst) this.prune("midnight")
    if (this.settings.isCompressing) {
      const today = this.day
      this.compressing = this.compressing.then(() => this.compress(today))
    }
  }
  private maintained: Day | undefined

  private prune(when: string): void {
    const { retentionHours: hours, maxSize } = this.settings
    const rule = { hours, minFree: this.minFree, ...(maxSize === undefined ? {} : { maxSize }) }
    try {
      const { removals, failures } = pruneFolder(this.folder, rule, {
        now: this.world.now(),
        zone: this.world.zone,
        isDryRun: false,
      })
      for (const { name, reason } of removals) this.world.log(`pruned ${name} (${reason}, ${when})`)
      if (failures.length === 0) this.fine("prune")
      else this.wrong("prune", failures.join("; "))
    } catch (error) {
      this.wrong("prune", `cannot prune ${this.folder.path}: ${errorCode(error)}`)
    }
  }

  private async compress(today: Day): Promise<void> {
    const goOn = async () => {
      if (!this.isEnding) await this.world.sleep(FRAME_PAUSE_MS, this.ending.signal)
      return !this.isEnding
    }
    try {
      for (const { name, day } of closedSegments(this.folder.names(), today))
        if (await compressDay(this.folder, day, { goOn })) this.world.log(`compressed ${name}`)
      this.fine("compress")
    } catch (error) {
      this.wrong("compress", `cannot compress a closed day in ${this.folder.path}: ${errorCode(error)}`)
    }
  }

  private removeDrafts(): void {
    for (const name of this.folder.names()) if (isDraft(name)) unlinkSync(this.folder.at(name))
  }

  // ---- what is said ------------------------------------------------------------------------------------------------

  private happened(kind: string, more: { readonly text?: string; readonly count?: number } = {}): void {
    this.world.log(more.text === undefined ? kind : `${kind}: ${more.text}`)
    // What cannot be written waits, but not without end.
    if (this.events.length < EVENTS_MAX) this.events.push({ at: this.timestamp(this.world.now()), kind, ...more })
  }

  /** The log hears of a change only. */
  private wrong(what: string, text: string): void {
    if (this.errors.get(what) !== text) this.world.log(text)
    this.errors.set(what, text)
  }

  private fine(what: string): void {
    if (this.errors.delete(what)) this.world.log(`${what}: works again`)
  }

  private writeRecord(): void {
    const { stretched_interval: _, ...record } = this.record
    // Without sockets there is no history; the other sources may be missing on a host for good.
    const failing = [...this.failing]
    const isGrave = (text: string) => text.startsWith("sockets:") || text.startsWith("look:")
    this.record = {
      ...record,
      ...(this.stretch.factor === 1 ? {} : { stretched_interval: Math.round(this.intervalMs / 1000) }),
      errors: [...this.errors.values(), ...failing.filter(isGrave)],
      missing: failing.filter((text) => !isGrave(text)),
    }
    try {
      this.lock.write(this.record)
      this.fine("record")
    } catch (error) {
      this.wrong("record", `cannot write the record in ${this.folder.path}: ${errorCode(error)}`)
    }
  }
}

const inRecord = ({ intervalSeconds, topLimit, retentionHours }: WorkerSettings) => ({
  interval: intervalSeconds,
  top_limit: topLimit,
  retention_hours: retentionHours,
})

/** The one thing that ends a worker by itself: two of them would write the same lines twice. */
class TakenOver extends Failure {
  constructor(path: string) {
    super(`another worker took ${path} over while this one ran`, exitCodes.world)
  }
}
