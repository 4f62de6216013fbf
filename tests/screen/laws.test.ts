/** What must hold on every screen, whatever is pressed, however large the terminal and whoever is connected. */
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Action } from "../../src/core/app/action.ts"
import type { Effect } from "../../src/core/app/effect.ts"
import { actionForKey, actionForPaste, actionsForMouse } from "../../src/core/app/keymap.ts"
import type { State } from "../../src/core/app/state.ts"
import { update } from "../../src/core/app/update.ts"
import { view } from "../../src/core/app/view.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { lineWidth } from "../../src/core/text/layer.ts"
import { activeBlock, noLifelines } from "../support/blocks.ts"
import { type ConnectionSpec, collected, type HostSpec, opened, press, watching } from "../support/host.ts"
import { crowd, hostile, hostileNames, webServer } from "../support/hosts.ts"
import { holder, podUser, portLookup } from "../support/port-lookups.ts"

const sizes = [
  [60, 15],
  [80, 24],
  [100, 30],
  [120, 40],
  [160, 50],
  [200, 60],
  [1, 1],
  [2, 2],
  [3, 3],
  [5, 1],
  [1, 30],
  [59, 15],
  [60, 14],
  [99, 15],
  [500, 200],
] as const

function isWhole(state: State): void {
  const lines = view(state)
  const { width, height } = state.screen
  expect(lines.length).toBe(height)
  for (const each of lines) expect(lineWidth(each)).toBe(width)
  // Slices of their own were never drawn: what was kept of the last picture must be the same.
  const slices = Object.fromEntries(Object.entries(state.slices).map(([id, slice]) => [id, { ...slice }]))
  expect(view({ ...state, slices: slices as State["slices"] })).toEqual([...lines])
  // Kept for the state that comes next.
  view(state)
}

function selectionIsInside({ slices }: State): void {
  const { cursor, top, rows } = slices["top-connections"]
  const total = rows?.groups?.order.length ?? rows?.listed.length ?? 0
  expect(cursor).toBeGreaterThanOrEqual(0)
  expect(cursor).toBeLessThanOrEqual(Math.max(0, total - 1))
  expect(top).toBeGreaterThanOrEqual(0)
}

test.each(sizes)("%dx%d: every line is exactly as wide as the screen", (width, height) => {
  for (const host of [{}, webServer, hostile, { failure: "EPERM\x1b[2J" }, crowd(70)]) {
    const state = watching(width, height, host)
    for (const chords of [
      [],
      ["g"],
      ["o"],
      ["z"],
      ["?"],
      ["/", "漢", "🚀"],
      ["f", "x", "enter"],
      ["tab"],
      ["tab", "z"],
      ["m", "g"],
      ["enter"],
      ["g", "enter", "m"],
      ["k", "enter"],
      ["m", "k", "x"],
      ["b"],
      ["h"],
      ["v"],
      ["v", "-", "c", "c", "m"],
      ["i"],
      ["v", "I", "end"],
      ["?", "/", "漢", "enter"],
      ["U", "4"],
    ])
      isWhole(press(state, ...chords).state)
  }
})

const port = fc.integer({ min: 1, max: 65_535 })
const octet = fc.integer({ min: 0, max: 255 })
const address = fc.oneof(
  fc.tuple(octet, octet).map(([a, b]) => `198.51.${a}.${b}`),
  fc
    .ipV6()
    .filter((text) => !text.includes("."))
    .map((text) => `[${text}]`),
)
const counter = fc.oneof(fc.nat(10_000_000), fc.constantFrom(0, 2 ** 40, 2 ** 52))
const connection: fc.Arbitrary<ConnectionSpec> = fc
  .record({
    peer: address,
    port,
    local: fc.constantFrom(22, 443, 8080, 51_000),
    process: fc.oneof(fc.constantFrom(...hostileNames), fc.string({ unit: "grapheme", maxLength: 15 })),
    state: fc.constantFrom("ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT", "SYN_RECV", "LAST_ACK"),
    acked: counter,
    received: counter,
    queue: fc.constantFrom(0, 1, 5000, 2 ** 31),
    isSure: fc.boolean(),
  })
  .map(({ peer, port, local, process, state, acked, received, queue, isSure }) => ({
    local: peer.startsWith("[") ? `[2001:db8::1]:${local}` : `10.0.0.10:${local}`,
    remote: `${peer}:${port}`,
    process,
    isSure,
    state: state as NonNullable<ConnectionSpec["state"]>,
    sendQueue: queue,
    // A socket on its way out has no counters.
    ...(state === "TIME_WAIT" || state === "SYN_RECV" ? {} : { acked, received }),
  }))

const host: fc.Arbitrary<HostSpec> = fc.oneof(
  { weight: 8, arbitrary: fc.array(connection, { maxLength: 40 }).map((connections) => ({ connections })) },
  { weight: 1, arbitrary: fc.constant({ failure: "cannot list IPv4 TCP sockets: EPERM" }) },
  {
    weight: 1,
    arbitrary: fc.constant({ notes: [{ source: "owners", text: "process names need root \x1b[2J" }], ...crowd(200) }),
  },
)

type Event =
  | { readonly kind: "key"; readonly chord: string }
  | { readonly kind: "resize"; readonly width: number; readonly height: number }
  | { readonly kind: "look"; readonly host: HostSpec }
  | {
      readonly kind: "mouse"
      readonly what: "click" | "wheel-up" | "wheel-down"
      readonly x: number
      readonly y: number
    }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "tick"; readonly ms: number }
  | { readonly kind: "answer"; readonly which: number }

const chords = [
  ..."ogBCPsfFmpprz?/qzx[]1a!漢 kkkbbhxX+yynlvviIcU2345-",
  "up",
  "down",
  "pageup",
  "pagedown",
  "home",
  "end",
  "tab",
  "shift+tab",
]
const editing = ["enter", "escape", "backspace", "delete", "left", "right", "ctrl+u", "ctrl+w", "space", "alt+q", "f5"]

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...chords, ...editing).map((chord) => ({ kind: "key" as const, chord })) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        fc.constantFrom(...sizes.slice(0, -1)),
        fc.tuple(fc.integer({ min: 1, max: 210 }), fc.integer({ min: 1, max: 60 })),
      )
      .map(([width, height]) => ({ kind: "resize" as const, width, height })),
  },
  { weight: 2, arbitrary: host.map((each) => ({ kind: "look" as const, host: each })) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("mouse" as const),
      what: fc.constantFrom("click" as const, "wheel-up" as const, "wheel-down" as const),
      x: fc.nat(210),
      y: fc.nat(60),
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }).map((text) => ({ kind: "paste" as const, text })) },
  { weight: 1, arbitrary: fc.nat(12_000).map((ms) => ({ kind: "tick" as const, ms })) },
  { weight: 3, arbitrary: fc.nat(6).map((which) => ({ kind: "answer" as const, which })) },
)

const hostileUser = podUser({
  process: holder(1, "\x1b[2J漢字\t"),
  pod: { name: "\x1b[2J", namespace: "\n", source: "hostname" },
})

/** What comes back from the host while keys are pressed. */
function answersTo(state: State): readonly Action[] {
  const listed = (...blocks: ReturnType<typeof activeBlock>[]): Action => ({
    type: "blocks/listed",
    epoch: state.blocks.epoch,
    at: state.now,
    seen: reading({ blocks, notes: ["a note \x1b[2J"], isComplete: true }),
  })
  const hour = activeBlock(state, "198.51.100.24:443", { leftMs: 3_600_000 })
  return [
    listed(hour, activeBlock(state, "[2001:db8::1]", { backend: "iptables", leftMs: 4_000 })),
    listed(),
    { ...listed(), seen: missing("cannot list blocks: EPERM\x1b[2J") } as Action,
    { type: "lifelines/known", lifelines: { ...noLifelines, sessions: [{ peer: "198.51.0.1", source: "\x1b[2J" }] } },
    { type: "peer/blocked", block: hour, also: [], isRenewed: false, kill: { failure: "no" }, at: state.now },
    { type: "pod-lookup/answered", found: portLookup({ port: 443, users: [hostileUser] }) },
    { type: "log/known", lines: [`2026-03-08T12:56:30Z uid=0 block ${"x".repeat(300)}: \x1b[2J漢字`] },
  ]
}

/** What each action may ask of the world: nothing of the host changes but by a form, a list and a question. */
const asks: readonly { readonly from: RegExp; readonly may: readonly Effect["type"][] }[] = [
  { from: /^look\/wanted$/, may: ["look/collect"] },
  { from: /^app\/quit$/, may: ["program/quit"] },
  { from: /^release\/wanted$/, may: ["release/ask"] },
  { from: /^app\/open$/, may: ["blocks/list", "log/read"] },
  { from: /^(top-connections\/block|details\/(block|kill))$/, may: ["lifelines/read", "peer/match"] },
  { from: /^block-peer\/paste$/, may: ["peer/match"] },
  { from: /^block-peer\/type$/, may: ["peer/match", "peer/block", "peer/kill"] },
  { from: /^lifelines\/known$/, may: ["peer/block", "peer/kill"] },
  { from: /^blocked-peers\/extend$/, may: ["block/extend"] },
  { from: /^blocked-peers\/answer$/, may: ["block/lift", "block/lift-all"] },
  { from: /^quit-blocks\/keep$/, may: ["program/quit"] },
  { from: /^quit-blocks\/lift$/, may: ["block/lift-all"] },
  { from: /^pod-lookup\/type$/, may: ["port/look-up"] },
  { from: /^blocks\/listed$/, may: ["blocks/tidy", "log/write"] },
  { from: /^peer\/blocked$/, may: ["blocks/list", "log/read", "look/collect"] },
]

const mayAsk = (action: Action): readonly Effect["type"][] => asks.find(({ from }) => from.test(action.type))?.may ?? []

function actionsOf(state: State, each: Event): readonly Action[] {
  const of = (action: Action | undefined) => (action === undefined ? [] : [action])
  switch (each.kind) {
    case "key":
      return of(actionForKey(state, each.chord))
    case "resize":
      return [{ type: "screen/resized", size: { width: each.width, height: each.height } }]
    case "look":
      return [collected(each.host, state.sample, (state.sample?.at ?? state.now) + 10_000)]
    case "mouse":
      return actionsForMouse(state, { kind: each.what, x: each.x, y: each.y })
    case "paste":
      return of(actionForPaste(state, each.text))
    case "answer":
      return [answersTo(state)[each.which]!]
    case "tick":
      return [{ type: "clock/ticked", at: state.now + each.ms }]
  }
}

test("2,000 keys, clicks, resizes and looks: whole lines, the selection inside the list, only what may asks for more", () => {
  const STEPS = 100
  fc.assert(
    fc.property(fc.array(event, { minLength: STEPS, maxLength: STEPS }), (events) => {
      let state = opened(80, 24)
      for (const each of events) {
        for (const action of actionsOf(state, each)) {
          const [next, ...effects] = update(state, action)
          expect(mayAsk(action)).toEqual(expect.arrayContaining(effects.map(({ type }) => type)))
          state = next
        }
        isWhole(state)
        selectionIsInside(state)
        expect(actionForKey(state, "ctrl+c")).toEqual({ type: "app/quit" })
      }
    }),
    { numRuns: 20, seed: 20_240_229 },
  )
}, 20_000)
