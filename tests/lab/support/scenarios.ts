/** The scenarios by name: every file of `incidents/` is one. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { Scenario } from "./scenario.ts"

const folder = join(import.meta.dir, "../incidents")

export async function loadScenarios(): Promise<ReadonlyMap<string, Scenario>> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -3))
    .sort()
  const scenarios = new Map<string, Scenario>()
  for (const name of names) {
    const { default: scenario } = (await import(join(folder, `${name}.ts`))) as { default: Scenario }
    scenarios.set(name, scenario)
  }
  return scenarios
}
