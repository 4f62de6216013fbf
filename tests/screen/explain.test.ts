/** The explanations: every column has one, and the overlay begins where it was asked. */
import { describe, expect, test } from "bun:test"
import { explainedPanels } from "../../src/core/app/explanation.ts"
import { columnsFor } from "../../src/core/panels/top-connections/columns.ts"
import { groupColumnsFor, serviceColumnsFor } from "../../src/core/panels/top-connections/group-columns.ts"
import { frame, overlayFrame, press, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"

const web = (width = 80, height = 24) => watching(width, height, webServer)

test("every column of Top Connections, at any width, in either view, is explained", () => {
  const panel = explainedPanels().find(({ id }) => id === "top-connections")!
  const words = panel.explanations!.flatMap((entry) => entry.words)
  const titles = new Set<string>()
  for (let width = 40; width <= 300; width++) {
    for (const { title } of columnsFor(width)) titles.add(title)
    for (const side of ["in", "out"] as const)
      for (const { title } of [...groupColumnsFor(width, side), ...serviceColumnsFor(width, side)]) titles.add(title)
  }
  expect([...titles].filter((title) => !words.includes(title))).toEqual([])
})

test("every panel of the dashboard and the charts explain themselves, no word twice", () => {
  const panels = explainedPanels()
  expect(panels.map(({ id }) => id)).toEqual(
    expect.arrayContaining(["top-connections", "system-health", "bandwidth-chart"]),
  )
  for (const { explanations = [] } of panels) {
    const words = explanations.flatMap((entry) => entry.words)
    expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([])
  }
})

describe("i", () => {
  test("on Top Connections begins with the queues", () => {
    const shown = overlayFrame(press(web(), "i").state).split("\n")
    expect(shown[1]).toContain("What it means: Top Connections")
    expect(shown[2]).toContain("SEND-Q, RECV-Q")
  })

  test("opens on the column that was chosen to sort by; the others are above and below", () => {
    const first = (...chords: string[]) => overlayFrame(press(web(60, 15), ...chords, "i").state).split("\n")[2]
    expect(first("P")).toContain("SRC, LPORT")
    expect(first("g", "P")).toContain("PORTS, RPORTS")
    expect(first("g", "B")).toContain("TX/s")
    expect(first("P", "B")).toContain("SEND-Q, RECV-Q")
    expect(overlayFrame(press(web(60, 15), "P", "i", "home").state).split("\n")[2]).toContain("SEND-Q")
  })

  test("is about the panel in front: System Health, the charts", () => {
    expect(overlayFrame(press(web(), "tab", "i").state)).toContain("What it means: System Health")
    expect(overlayFrame(press(web(), "v", "i").state)).toContain("What it means: Bandwidth")
  })

  test("I begins with the interface, from anywhere", () => {
    for (const chords of [["I"], ["tab", "I"], ["v", "I"]])
      expect(overlayFrame(press(web(60, 15), ...chords).state).split("\n")[2]).toContain("Interface")
  })

  test("scrolls from there to both ends, and says where it is", () => {
    const open = press(web(60, 15), "I").state
    expect(overlayFrame(press(open, "home").state).split("\n")[2]).toContain("HEALTH")
    expect(overlayFrame(press(open, "end").state)).toContain("load averages")
    expect(overlayFrame(open)).toMatch(/\d+-\d+ of \d+/)
    expect(press(open, "end", "down").state).toEqual(press(open, "end").state)
  })

  test.each(["escape", "i", "I", "q", "enter"])("closes with %s", (chord) => {
    const before = web()
    expect(frame(press(before, "i", chord).state)).toBe(frame(before))
  })
})
