/**
 * A host for screen tests: sockets as the kernel would send them, read and derived by the program's own code, and a
 * state that has looked at them. A test names only what it is about.
 */
import type { Action } from "../../src/core/app/action.ts"
import type { Effect } from "../../src/core/app/effect.ts"
import type { Settings } from "../../src/core/app/facts.ts"
import { actionForKey, chordsOf } from "../../src/core/app/keymap.ts"
import { layout, overlayPlacements, type Placement } from "../../src/core/app/layout.ts"
import { initialState, type PanelId, type State } from "../../src/core/app/state.ts"
import { update } from "../../src/core/app/update.ts"
import { view } from "../../src/core/app/view.ts"
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import { createRateTable } from "../../src/core/model/rates.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import type { Owner } from "../../src/core/sample/owners.ts"
import { missing, type Note, reading, type Sample } from "../../src/core/sample/sample.ts"
import { cells } from "../../src/core/text/layer.ts"
import { plainText } from "../../src/core/text/line.ts"
import { type SocketSpec, tableOf } from "./sockets.ts"

export interface ConnectionSpec extends SocketSpec {
  /** As the process calls itself. */
  process?: string
  pid?: number
  isSure?: boolean
  sharers?: number
  /** Bytes a second in the last window. */
  tx?: number
  rx?: number
}

export interface HostSpec {
  /** Local ports that are listened on, on every address. */
  listen?: readonly number[]
  connections?: readonly ConnectionSpec[]
  notes?: readonly Note[]
  /** Why sockets could not be read. */
  failure?: string
  /** Other sources, `seconds` after the start. */
  more?: (seconds: number) => Partial<Sample>
}

export const settings: Settings = {
  interfaceName: "eth0",
  refreshMs: 30_000,
  version: "1.0.0",
  ownPid: 4242,
  maskSalt: 7,
  thresholds: defaultThresholds,
}

const START_MS = 1_700_000_000_000
const WINDOW_MS = 10_000

/** A running program before its first look. */
export const opened = (width: number, height: number): State => ({
  ...initialState("live", settings, { isMasked: false, at: START_MS }),
  screen: { width, height },
})

export function apply(state: State, ...actions: readonly Action[]): State {
  return actions.reduce((now, action) => update(now, action)[0], state)
}

/** One look, `WINDOW_MS` after the one that the state holds. */
export function look(state: State, host: HostSpec): State {
  const at = state.sample === undefined ? START_MS : state.sample.at + WINDOW_MS
  return apply(state, collected(host, state.sample, at))
}

export function collected(host: HostSpec, shown: Sample | undefined, at: number): Action {
  return { type: "look/collected", sample: sampleOf(host, shown, at), rates: createRateTable(), at }
}

/** A program that has looked twice: the rates are there. */
export const watching = (width: number, height: number, host: HostSpec): State =>
  look(look(opened(width, height), host), host)

function sampleOf(host: HostSpec, shown: Sample | undefined, at: number): Sample {
  const { listen = [22, 443, 8080], connections = [], notes = [], failure, more } = host
  const seconds = (at - START_MS) / 1000
  const owners: Owner[] = []
  const rows = connections.map(({ process, pid = 1000, isSure = true, sharers = 1, tx = 0, rx = 0, ...socket }) => {
    const owner = process === undefined ? -1 : ownerIndex(owners, { pid, name: process, isSure, sharerCount: sharers })
    const hasCounters = socket.state === undefined || socket.state === "ESTABLISHED" || socket.state === "CLOSE_WAIT"
    const counters = hasCounters
      ? { acked: Math.round(tx * seconds), received: Math.round(rx * seconds), info: { rttUs: 850 } }
      : {}
    return { owner, socket: { cookie: cookieFor(socket), ...counters, ...socket } }
  })
  const listeners = listen.map((port, i) => ({
    state: "LISTEN" as const,
    local: `[::]:${port}`,
    remote: "[::]:0",
    cookie: BigInt(1_000_000 + i),
  }))
  const table = tableOf([...rows.map(({ socket }) => socket), ...listeners])
  for (const [row, { owner }] of rows.entries()) table.owner[row] = owner
  linkPrevious(table, shown?.sockets.ok === true ? shown.sockets.value.table : undefined)
  for (const [row, { owner }] of rows.entries()) table.owner[row] = owner
  const unread = missing("not read in this test")
  return {
    at,
    monotonicMs: at - START_MS,
    addresses: unread,
    sockets: failure === undefined ? reading({ table, owners, isComplete: true }) : missing(failure),
    counters: unread,
    socketStatistics: unread,
    softnet: unread,
    interface: unread,
    conntrack: unread,
    own: unread,
    load: unread,
    notes,
    ...more?.(seconds),
  }
}

const cookies = new Map<string, bigint>()

/** Two looks at the same two ends are looks at the same socket. */
function cookieFor({ local = "", remote = "" }: SocketSpec): bigint {
  const ends = `${local} ${remote}`
  const cookie = cookies.get(ends) ?? BigInt(cookies.size + 1)
  cookies.set(ends, cookie)
  return cookie
}

function ownerIndex(owners: Owner[], owner: Omit<Owner, "startTime">): number {
  const known = owners.findIndex(
    ({ pid, name, isSure }) => pid === owner.pid && name === owner.name && isSure === owner.isSure,
  )
  return known >= 0 ? known : owners.push({ ...owner, startTime: 1 }) - 1
}

export interface Pressed {
  readonly state: State
  readonly effects: readonly Effect[]
}

/** What a row of key presses does, as the program does it. */
export function press(state: State, ...chords: readonly string[]): Pressed {
  let now = state
  const effects: Effect[] = []
  for (const key of chords) {
    for (const chord of chordsOf(now, key)) {
      const action = actionForKey(now, chord)
      if (action === undefined) continue
      const [next, ...asked] = update(now, action)
      now = next
      effects.push(...asked)
    }
  }
  return { state: now, effects }
}

/** Key presses of a text. */
export const typed = (text: string): readonly string[] => [...text].map((c) => (c === " " ? "space" : c))

const withoutTrailingBlanks = (text: string): string => text.replace(/ +$/gm, "")

/** The whole screen, without blanks at the ends of lines, in line breaks that an inline snapshot likes. */
export const frame = (state: State): string => `\n${withoutTrailingBlanks(plainText(view(state)))}\n`

/** One panel with its frame, and the status bar. */
export function panelFrame(state: State, id: PanelId): string {
  const placement = layout(state).find(({ panel, form }) => panel.id === id && form === "box")
  if (placement === undefined) throw new Error(`${id} has no box on this screen`)
  return `\n${withoutTrailingBlanks(plainText([...cropped(state, placement), view(state).at(-1)!]))}\n`
}

/** The overlay in front, alone. */
export function overlayFrame(state: State): string {
  const placement = overlayPlacements(state).at(-1)
  if (placement === undefined) throw new Error("no overlay is open")
  return `\n${withoutTrailingBlanks(plainText(cropped(state, placement)))}\n`
}

const cropped = (state: State, { area: { x, y, width, height } }: Placement) =>
  view(state)
    .slice(y, y + height)
    .map((each) => cells(each, x, x + width))

export const statusLine = (state: State): string => plainText([view(state).at(-1)!])
