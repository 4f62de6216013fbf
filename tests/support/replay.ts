/** A replay on a screen in memory: its history is a text, its effects are done at once. */
import type { Action } from "../../src/core/app/action.ts"
import type { Effect } from "../../src/core/app/effect.ts"
import { actionForKey, chordsOf } from "../../src/core/app/keymap.ts"
import { type HistoryState, initialReplay, type SearchHit } from "../../src/core/app/replay.ts"
import { initialState, type State } from "../../src/core/app/state.ts"
import { update } from "../../src/core/app/update.ts"
import { keyAt, mergeIndexes } from "../../src/core/history/history-index.ts"
import { measureLine, readLineBytes } from "../../src/core/history/line-facts.ts"
import { addLine, createLineIndex } from "../../src/core/history/line-index.ts"
import { eachLine } from "../../src/core/history/lines.ts"
import { matcherOf, matchLine } from "../../src/core/history/search.ts"
import type { Window } from "../../src/core/history/window.ts"
import { settings } from "./host.ts"

/** The host's zone in these tests. */
export const OFFSET_MINUTES = 60
export const NOW = Date.parse("2026-03-08T12:00:00+01:00")

export interface RowSpec {
  readonly peer: string
  readonly port?: number
  readonly process?: string
  readonly connections?: number
  readonly tx?: number
  readonly rx?: number
  readonly states?: Readonly<Record<string, number>>
  readonly unit?: string
  readonly netns?: string
}

export interface LineSpec {
  /** `10:00:30`, of the day of the tests. */
  readonly at: string
  readonly in?: readonly RowSpec[]
  readonly out?: readonly RowSpec[]
  /** Keys beside those of every line. */
  readonly more?: object
}

export const SECONDS = 30

function rowOf({ peer, port = 443, process = "nginx", connections = 1, tx = 0, rx = 0, states, unit, netns }: RowSpec) {
  return {
    peer_ip: peer,
    port,
    proc_name: process,
    conn_count: connections,
    tx_queue: 0,
    rx_queue: 0,
    total_queue: 0,
    tx_bytes_delta: tx * SECONDS,
    rx_bytes_delta: rx * SECONDS,
    total_bytes_delta: (tx + rx) * SECONDS,
    tx_bytes_per_sec: tx,
    rx_bytes_per_sec: rx,
    total_bytes_per_sec: tx + rx,
    states: states ?? { ESTABLISHED: connections },
    ...(netns === undefined ? {} : { netns }),
    ...(unit === undefined ? {} : { unit }),
  }
}

/** A line as it stands in a file, without its line feed. */
export const lineOf = ({ at, in: ins = [], out: outs = [], more = {} }: LineSpec): string =>
  JSON.stringify({
    captured_at: `2026-03-08T${at}+01:00`,
    interface: "eth0",
    top_limit_per_side: 500,
    sample_seconds: SECONDS,
    bandwidth_available: true,
    incoming_groups: ins.map(rowOf),
    outgoing_groups: outs.map(rowOf),
    version: "1.0.0",
    ...more,
  })

export interface ReplaySpec {
  readonly lines: readonly (LineSpec | string)[]
  readonly window?: Window
  readonly width?: number
  readonly height?: number
  readonly isMasked?: boolean
}

/** A replay that has read its history, and shows what it opens with. */
export class Replaying {
  state: State
  /** Everything that was asked of the world, in order. */
  readonly asked: Effect[] = []
  private text: Buffer
  private readonly dropped = new Set<number>()
  private readonly window: Window

  constructor({ lines, window = {}, width = 120, height = 40, isMasked = false }: ReplaySpec) {
    this.text = textOf(lines)
    this.window = window
    const history = this.history()
    this.state = {
      ...initialState("replay", settings, { isMasked, at: 0 }),
      screen: { width, height },
      replay: initialReplay({
        scope: "the test's history",
        isFolder: true,
        window,
        zones: [{ since: Number.NEGATIVE_INFINITY, minutes: OFFSET_MINUTES }],
        days: ["20260308"],
        clock: { wall: NOW, now: 0 },
        history,
      }),
    }
    this.do({ type: "history/indexed", history, days: ["20260308"], at: 0 })
  }

  private history(): HistoryState {
    const index = createLineIndex()
    eachLine(this.text, 0, this.text.length, (start, end) =>
      addLine(index, start, end - start, this.dropped.has(start) ? undefined : measureLine(this.text, start, end)),
    )
    return {
      index: mergeIndexes([{ file: 0, index }], this.window),
      isComplete: true,
      progress: 1,
      files: 1,
      corrupt: index.corrupt,
      problems: [],
    }
  }

  /** More lines are written, and the program looks. */
  grow(...lines: readonly (LineSpec | string)[]): this {
    this.text = Buffer.concat([this.text, textOf(lines)])
    return this.do({ type: "history/due", at: this.state.now })
  }

  do(action: Action): this {
    const [next, ...effects] = update(this.state, action)
    this.state = next
    for (const effect of effects) {
      this.asked.push(effect)
      const answer = this.answer(effect)
      if (answer !== undefined) this.do(answer)
    }
    return this
  }

  press(...chords: readonly string[]): this {
    for (const key of chords)
      for (const chord of chordsOf(this.state, key)) {
        const action = actionForKey(this.state, chord)
        if (action !== undefined) this.do(action)
      }
    return this
  }

  /** `10:00:30`: the time of the snapshot that is shown. */
  get shownAt(): string {
    return this.state.replay?.shown?.line.captured_at.slice(11, 19) ?? "nothing"
  }

  private answer(effect: Effect): Action | undefined {
    switch (effect.type) {
      case "history/index":
      case "history/follow":
      case "history/open":
        return { type: "history/indexed", history: this.history(), days: ["20260308"], at: this.state.now }
      case "record/read": {
        const line = readLineBytes(this.text.subarray(effect.key.offset, effect.key.offset + effect.bytes))
        if (line === undefined) this.dropped.add(effect.key.offset)
        return line === undefined
          ? { type: "record/unusable", key: effect.key, at: effect.at, history: this.history() }
          : { type: "record/read", key: effect.key, at: effect.at, line }
      }
      case "search/begin": {
        const { index } = this.state.replay!.history
        const matcher = matcherOf(effect.query)
        const hits = Array.from({ length: index.length }, (_, i): SearchHit => {
          const key = keyAt(index, i)
          return {
            key,
            at: index.lines.at[i]!,
            ...matchLine(this.text, key.offset, key.offset + index.lines.bytes[i]!, matcher),
          }
        }).filter((hit) => hit.in + hit.out > 0)
        const { length } = index
        return { type: "search/found", token: effect.token, hits, done: length, total: length, isOver: true }
      }
      default:
        return undefined
    }
  }
}

const textOf = (lines: readonly (LineSpec | string)[]): Buffer =>
  Buffer.from(lines.map((line) => `${typeof line === "string" ? line : lineOf(line)}\n`).join(""))

/** `10:00:00` and so on, every half minute. */
export const clockAt = (i: number): string =>
  new Date(Date.UTC(2026, 2, 8, 10) + i * SECONDS * 1000).toISOString().slice(11, 19)
