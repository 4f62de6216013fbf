import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { sinceBootMs } from "../../src/shell/kernel/clock.ts"

test("is the time since the host was started, as /proc/uptime says it", () => {
  const before = sinceBootMs()
  const uptimeMs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000
  const after = sinceBootMs()
  // /proc/uptime is cut to hundredths of a second.
  expect(uptimeMs).toBeGreaterThan(before - 10)
  expect(uptimeMs).toBeLessThanOrEqual(after)
})
