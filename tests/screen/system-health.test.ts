/** System Health with a device under watch. */
import { expect, test } from "bun:test"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { apply, frame, settings, watching } from "../support/host.ts"
import { hostileNames, webServer } from "../support/hosts.ts"

const still = { rxPackets: 0, txPackets: 0, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 }

/** Two readings of the device, a second apart. */
function carrying(width: number, height: number, name: string) {
  const before = { ...watching(width, height, webServer), settings: { ...settings, interfaceName: name } }
  const read = (bytes: number, second: number) =>
    ({
      type: "lane/collected",
      counters: reading({ name, rxBytes: bytes, txBytes: 0, ...still }),
      monotonicMs: second * 1000,
      at: before.now,
    }) as const
  return apply(before, read(0, 1), read(1500, 2))
}

// The kernel refuses blanks and slashes in the name of a device, and nothing else.
test.each(hostileNames.filter((name) => name !== "").map((name) => [JSON.stringify(name), name] as const))(
  "a device called %s is text on every screen",
  (_, name) => {
    for (const [width, height] of [
      [60, 15],
      [80, 24],
      [120, 40],
    ] as const) {
      const shown = frame(carrying(width, height, name))
      if (width >= 120) expect(shown).toContain("1.5KB/s")
      expect(shown).not.toMatch(/[^\P{C}\n]|\u200d|\p{M}/u)
    }
  },
)

test("a device that is gone is no figure", () => {
  const gone = apply(carrying(80, 24, "eth0"), {
    type: "lane/collected",
    counters: missing("interface eth0 is gone"),
    monotonicMs: 3000,
    at: 0,
  })
  expect(frame(gone)).toContain("interface –")
  expect(frame(gone)).not.toContain("1.5KB/s")
})
