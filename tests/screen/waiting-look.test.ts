/** A look that comes while the screen is frozen is shown later, and never thrown away. */
import { expect, test } from "bun:test"
import type { State } from "../../src/core/app/state.ts"
import { apply, collected, opened, press } from "../support/host.ts"

const host = (tx: number) => ({
  listen: [80],
  connections: [{ local: "10.0.0.1:80", remote: "10.0.0.9:5000", tx }],
})

const T = 1_700_000_000_000

/** Frozen while its third look was under way, which came then. */
function frozen(): State {
  let state = apply(opened(80, 24), collected(host(0), undefined, T))
  state = apply(state, collected(host(0), state.sample, T + 10_000))
  state = apply(state, { type: "look/due", at: T + 20_000 })
  state = press(state, "p").state
  return apply(state, collected(host(100), state.sample, T + 20_000))
}

const txOf = (state: State) => {
  const connections = state.model?.connections
  return connections?.ok === true ? connections.value.rates.txBytes[0] : undefined
}

test("the screen stays as it is", () => {
  const state = frozen()
  expect([state.sample?.at, txOf(state), state.isCollecting]).toEqual([T + 10_000, 0, false])
})

test("when it goes on, the look that waited is shown and is the baseline of the next", () => {
  const { state, effects } = press(frozen(), "p")
  expect(effects).toEqual([])
  expect([state.sample?.at, txOf(state), state.waiting]).toEqual([T + 20_000, 2_000, undefined])
})

test("a look that is wanted while frozen is measured against the one that waited", () => {
  const { state, effects } = press(frozen(), "r")
  expect(effects).toEqual([{ type: "look/collect" }])
  expect(state.sample?.at).toBe(T + 20_000)
  const shown = apply(state, collected(host(100), state.sample, T + 30_000))
  expect([shown.isPaused, txOf(shown)]).toEqual([true, 1_000])
})
