/** Whatever opens above the dashboard: it fits every screen or scrolls, leaves the status bar alone, and lets go. */
import { describe, expect, test } from "bun:test"
import { overlayPlacements } from "../../src/core/app/layout.ts"
import { everyPanel } from "../../src/core/app/registry.ts"
import type { State } from "../../src/core/app/state.ts"
import { activeBlock } from "../support/blocks.ts"
import { apply, overlayFrame, press, statusLine, watching } from "../support/host.ts"
import { crowd, webServer } from "../support/hosts.ts"

const sizes = [
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
  [60, 200],
  [300, 15],
  [500, 200],
] as const

const overlays = everyPanel.filter(({ place }) => place.region === "overlay").map(({ id }) => id)

/** As an operator opens it, where a key does; else as the program does. */
const keys: Readonly<Partial<Record<(typeof overlays)[number], string>>> = {
  help: "?",
  explain: "i",
  details: "enter",
  "block-peer": "k",
  "blocked-peers": "b",
  "action-log": "h",
}

function open(id: (typeof overlays)[number], width: number, height: number): State {
  const before = watching(width, height, webServer)
  const blocks = Array.from({ length: 40 }, (_, i) => activeBlock(before, `198.51.100.${i + 1}:443`))
  const state: State = {
    ...before,
    blocks: { ...before.blocks, list: blocks, isListed: true },
    log: Array.from(
      { length: 60 },
      (_, i) => `2026-03-08T12:${String(i % 60).padStart(2, "0")}:30Z uid=0 block ${i}: done`,
    ),
  }
  const key = keys[id]
  return key === undefined ? apply(state, { type: "app/open", panel: id }) : press(state, key).state
}

describe.each(overlays)("%s", (id) => {
  test.each(sizes)("fits %dx%d, above the status bar, which says how to leave", (width, height) => {
    const state = open(id, width, height)
    expect(state.overlays).toEqual([id])
    const { area } = overlayPlacements(state).at(-1)!
    expect([area.x >= 0, area.y >= 0, area.x + area.width <= width, area.y + area.height <= height - 1]).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(statusLine(state)).toMatch(/Esc \w+/)
    expect(overlayFrame(state).split("\n")[1]).toMatch(/^┌─ .* ─*┐$/)
  })

  test("what does not fit is reached: the note in its frame counts to the last line", () => {
    const state = open(id, 60, 15)
    const note = (each: State) => /(\d+)-(\d+) of (\d+) ─┐/.exec(overlayFrame(each))?.slice(1).map(Number)
    if (note(state) === undefined) return
    let last = state
    for (let presses = 0; presses < 400; presses++) last = press(last, "down").state
    const [, to, total] = note(last)!
    expect(to).toBe(total)
    expect(note(press(last, ...Array.from({ length: 400 }, () => "up")).state)![0]).toBe(1)
  })

  test("Esc leaves it, whatever was opened above it, and the dashboard is as it was", () => {
    const state = open(id, 80, 24)
    const above = press(state, "?", "i", "k", "h", "b").state
    let left = above
    for (let presses = 0; presses < 12; presses++) left = press(left, "escape").state
    expect(left.overlays).toEqual([])
    expect(left.focus).toBe("top-connections")
    expect(press(left, "down").state.slices["top-connections"].cursor).toBe(1)
  })

  test("survives a screen that is made tiny and large again", () => {
    const resized = (state: State, width: number, height: number) =>
      apply(state, { type: "screen/resized", size: { width, height } })
    const state = open(id, 80, 24)
    expect(overlayFrame(resized(resized(state, 1, 1), 80, 24))).toBe(overlayFrame(state))
  })
})

test("the details of a group keep their keys on the smallest screen", () => {
  const state = press(watching(60, 15, crowd(70)), "g", "enter").state
  expect(overlayFrame(state)).toContain("blocks this peer")
})
