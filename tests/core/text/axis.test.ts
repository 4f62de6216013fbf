import { expect, test } from "bun:test"
import fc from "fast-check"
import { axisTop, byteScale, countScale } from "../../../src/core/text/axis.ts"

const KB = 1024
const MB = 1024 * KB

test.each([
  { peak: 0, labels: "0 512B 1KB" },
  { peak: Number.NaN, labels: "0 512B 1KB" },
  { peak: 1, labels: "0 512B 1KB" },
  { peak: 1025, labels: "0 1KB 2KB" },
  { peak: 1.2 * KB, labels: "0 1KB 2KB" },
  { peak: 4.8 * MB, labels: "0 2.5MB 5MB" },
  { peak: 5 * MB, labels: "0 2.5MB 5MB" },
  { peak: 119 * MB, labels: "0 75MB 150MB" },
  { peak: 1010 * MB, labels: "0 1GB 2GB" },
])("bytes up to $peak", ({ peak, labels }) => {
  const top = axisTop(peak, byteScale)
  expect([0, top / 2, top].map(byteScale.label).join(" ")).toBe(labels)
})

test.each([
  { peak: 0, labels: "0 1 2" },
  { peak: 3, labels: "0 2 4" },
  { peak: 239, labels: "0 200 400" },
  { peak: 10_570, labels: "0 10k 20k" },
  { peak: 2_600_000, labels: "0 2M 4M" },
])("a count up to $peak", ({ peak, labels }) => {
  const top = axisTop(peak, countScale)
  expect([0, top / 2, top].map(countScale.label).join(" ")).toBe(labels)
})

test("no axis ends below its highest value, nor wastes more than half of itself", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1025, max: 1e12, noNaN: true }),
      fc.constantFrom(byteScale, countScale),
      (peak, scale) => {
        const top = axisTop(peak, scale)
        expect(top).toBeGreaterThanOrEqual(peak)
        expect(top).toBeLessThanOrEqual(peak * 2.05)
        expect(scale.label(top).length).toBeLessThanOrEqual(6)
      },
    ),
    { seed: 11 },
  )
})
