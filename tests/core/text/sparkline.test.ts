import { expect, test } from "bun:test"
import { sparkline } from "../../../src/core/text/sparkline.ts"

test.each([
  ["nothing", [], 8, ""],
  ["zeros", [0, 0], 8, "▁▁"],
  ["the highest is whole, nothing is the lowest, a little is more than nothing", [0, 1, 50, 100], 8, "▁▂▅█"],
  ["what is not known", [5, undefined, 5], 8, "█–█"],
  ["only the last that fit", [9, 1, 2, 4], 3, "▃▅█"],
  ["no width", [1], 0, ""],
] as const)("%s", (_, values, width, drawn) => expect(sparkline(values, width)).toBe(drawn))
