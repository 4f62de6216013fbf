/**
 * Runs one program of `loads/`: `load.ts NAME PROGRAM OPTIONS`, options as JSON.
 *
 * It calls itself NAME, since a culprit is named by its process. When the program is under way it prints one line of JSON,
 * which is what the program answered. Nothing outlives `LIFE_SECONDS`.
 */
import { writeFileSync } from "node:fs"
import { type ProgramName, programs } from "./loads/index.ts"

const LIFE_SECONDS = 150

const [name = "", program = "", options = "{}"] = process.argv.slice(2)
writeFileSync("/proc/self/comm", name)
setTimeout(() => process.exit(0), LIFE_SECONDS * 1000)
const start = programs[program as ProgramName] as (options: unknown) => unknown
const facts = await start(JSON.parse(options))
console.log(JSON.stringify(facts ?? {}))
