/**
 * The history that is looked at: its files, the index of those that the window may need, and the lines themselves.
 *
 * Indexing is done in slices, since a key must not wait for a third of a gigabyte. A file that cannot be read is told
 * and hides no other.
 */
import { emptyIndex, type HistoryIndex, type LineKey, mergeIndexes } from "../../core/history/history-index.ts"
import { isDayInside, isInside, mayHold, type Window } from "../../core/history/window.ts"
import { type Day, localDay, type Zone } from "../../core/snapshot/local-day.ts"
import type { SnapshotLine } from "../../core/snapshot/schema.ts"
import { usageFailure } from "../failure.ts"
import { HistoryFile } from "./history-file.ts"
import { fileAsk, type HistoryPlace, placeName, segmentAsk, segmentsIn } from "./place.ts"
import { cannotRead } from "./text-file.ts"

export interface HistoryOptions {
  readonly zone: Zone
  readonly now: () => number
  /** Of a folder only these files. */
  readonly only?: ReadonlySet<string>
}

/** What is known so far. */
export interface HistoryView {
  readonly index: HistoryIndex
  /** Every file of the window was gone through. */
  readonly isComplete: boolean
  /** 0 to 1. */
  readonly progress: number
  readonly files: number
  readonly corrupt: number
  /** Files that cannot be read, and what became of others. */
  readonly problems: readonly string[]
}

export class History {
  private files: HistoryFile[] = []
  private readonly failed = new Map<string, string>()
  private readonly told: string[] = []
  /** Files of days beside the window that hold nothing of it. */
  private readonly outside = new Set<string>()
  private nextNumber = 0
  private merged: HistoryIndex = emptyIndex()
  private isChanged = true

  /** Throws a `Failure` when there is nothing to look into. */
  constructor(
    readonly place: HistoryPlace,
    private currentWindow: Window,
    private readonly options: HistoryOptions,
  ) {
    this.openFiles()
  }

  get window(): Window {
    return this.currentWindow
  }

  /** Looks at another part of the history. Files that both need stay open. */
  setWindow(window: Window): void {
    this.currentWindow = window
    this.isChanged = true
    this.outside.clear()
    if (this.place.kind === "folder") {
      const [kept, others] = partition(
        this.files,
        ({ day }) => day === undefined || mayHold(day, window, this.options.zone),
      )
      for (const file of others) file.close()
      this.files = kept
    }
    this.openFiles()
  }

  /** Days of which there are files, in their order. Throws a `Failure`. */
  days(): readonly Day[] {
    return this.place.kind === "folder" ? [...new Set(segmentsIn(this.place.path).map(({ day }) => day))] : []
  }

  /** Goes on indexing for about so long. True while there is more to do. */
  indexMore(budgetMs: number): boolean {
    const end = performance.now() + budgetMs
    for (const file of this.files) {
      while (this.isWaiting(file)) {
        this.isChanged = true
        try {
          file.indexMore()
        } catch (error) {
          this.failed.set(file.path, cannotRead(file.path, error))
        }
        if (performance.now() >= end) return this.isIndexing
      }
    }
    return this.isIndexing
  }

  private get isIndexing(): boolean {
    return this.files.some((file) => this.isWaiting(file))
  }

  private isWaiting({ isIndexed, path }: HistoryFile): boolean {
    return !isIndexed && !this.failed.has(path)
  }

  view(): HistoryView {
    if (this.isChanged) {
      const compressed = new Set(this.files.flatMap(({ day, isCompressed }) => (isCompressed && day ? [day] : [])))
      this.merged = mergeIndexes(
        this.files.map(({ number: file, index, day, isCompressed }) => ({
          file,
          index,
          isBackup: !isCompressed && day !== undefined && compressed.has(day),
        })),
        this.currentWindow,
      )
      this.isChanged = false
    }
    const done = this.files.reduce((sum, { progress }) => sum + progress, 0)
    return {
      index: this.merged,
      isComplete: !this.isIndexing,
      progress: this.files.length === 0 ? 1 : done / this.files.length,
      files: this.files.length,
      corrupt: this.files.reduce((sum, { corrupt }) => sum + corrupt, 0),
      problems: [...this.failed.values(), ...this.told],
    }
  }

  /** Takes in what was written meanwhile. True when there is something new. */
  follow(): boolean {
    let isNew = this.openFiles()
    for (const file of [...this.files]) {
      if (this.followPlace(file)) {
        isNew = true
        continue
      }
      try {
        const change = file.follow()
        if (change === "replaced") this.tell(`${file.path} became shorter while it was open: it is read anew`)
        if (change === "same") continue
        // What was added is little; a whole file is left to `indexMore`.
        if (file.isIndexed) while (!file.indexMore());
        isNew = true
      } catch (error) {
        this.failed.set(file.path, cannotRead(file.path, error))
      }
    }
    if (isNew) this.isChanged = true
    return isNew
  }

  /** A file that was moved or deleted can be read as long as it is open; another one in its place is opened too. */
  private followPlace(file: HistoryFile): boolean {
    const place = file.place()
    if (place === "here") return false
    const isCompressedNow =
      file.day !== undefined &&
      this.files.some(({ day, isCompressed, number }) => day === file.day && isCompressed && number !== file.number)
    if (place === "gone" && !isCompressedNow) {
      this.tell(`${file.path} is gone: what was read of it is still shown`)
      return false
    }
    this.files = this.files.filter((other) => other !== file)
    file.close()
    if (place === "another") {
      this.tell(`${file.path} was replaced while it was open: it is read anew`)
      this.openFiles()
    }
    return true
  }

  private tell(problem: string): void {
    if (!this.told.includes(problem)) this.told.push(problem)
  }

  /** The line of a key. Nothing when it turns out to be no snapshot: it is then counted, and gone from the index. */
  read(key: LineKey, bytes: number): SnapshotLine | undefined {
    const file = this.files.find(({ number }) => number === key.file)
    const line = file?.read(key.offset, bytes)
    if (line === undefined && file !== undefined) {
      file.drop(key.offset)
      this.isChanged = true
    }
    return line
  }

  /** The bytes of a line; nothing when the file is no longer so long. */
  readBytes(key: LineKey, bytes: number): Buffer | undefined {
    return this.files.find(({ number }) => number === key.file)?.readBytes(key.offset, bytes)
  }

  /** Files in the order of their days. */
  get openedFiles(): readonly HistoryFile[] {
    return this.files
  }

  close(): void {
    for (const file of this.files) file.close()
    this.files = []
  }

  /** Opens what the window may need and is not open. True when there was something. */
  private openFiles(): boolean {
    const { place } = this
    if (place.kind !== "folder") return this.files.length === 0 && this.openNamed()
    const today = localDay(this.options.now(), this.options.zone)
    let isNew = false
    for (const segment of segmentsIn(place.path)) {
      if (this.options.only?.has(segment.name) === false) continue
      if (!mayHold(segment.day, this.currentWindow, this.options.zone)) continue
      const path = `${place.path}/${segment.name}`
      if (this.failed.has(path) || this.outside.has(path) || this.files.some((file) => file.path === path)) continue
      try {
        const file = new HistoryFile({ ...segmentAsk(place.path, segment, this.nextNumber++, today), path })
        if (this.isOutside(file)) {
          file.close()
          this.outside.add(path)
          continue
        }
        this.files.push(file)
        isNew = true
      } catch (error) {
        this.failed.set(path, cannotRead(path, error))
      }
    }
    if (isNew) this.files.sort((a, b) => (a.path < b.path ? -1 : 1))
    return isNew
  }

  /**
   * A day beside the window is there for lines that a change of zone put into the wrong file. To go through it costs as
   * much as the day that is looked at: its ends say whether there are some.
   */
  private isOutside(file: HistoryFile): boolean {
    const { currentWindow: window } = this
    if (file.day === undefined || isDayInside(file.day, window, this.options.zone)) return false
    const ends = file.endTimes()
    return ends !== undefined && !ends.some((at) => isInside(window, at))
  }

  /** One file that was named: without it there is nothing to show. */
  private openNamed(): boolean {
    const { place } = this
    if (place.kind === "folder") return false
    const number = this.nextNumber++
    try {
      this.files.push(
        place.kind === "file"
          ? new HistoryFile(fileAsk(place.path, number))
          : new HistoryFile({ number, path: placeName(place), isCompressed: false, isClosed: true, fd: place.fd }),
      )
    } catch (error) {
      throw usageFailure(cannotRead(placeName(place), error))
    }
    return true
  }
}

function partition<T>(values: readonly T[], isFirst: (value: T) => boolean): [T[], T[]] {
  return [values.filter(isFirst), values.filter((value) => !isFirst(value))]
}
