/**
 * The process that changes settings of the whole machine and puts them back, whatever becomes of the run.
 *
 * It has a session of its own, so that an interrupt at the keyboard does not reach it, and reads its orders from its input:
 * `set NAME VALUE`, `get NAME`, `restore`; each is answered by one line, `ok …` or `error …`. When the input ends, because
 * the run did or was killed, it puts everything back and ends.
 */
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import {
  bootId,
  type HostSettingName,
  hostSettings,
  isHostSetting,
  readSaved,
  type SavedSettings,
  stateFile,
} from "./host-settings.ts"
import { linesOf } from "./lines.ts"

const read = (name: HostSettingName) => readFileSync(hostSettings[name].path, "utf8").trim().replace(/\s+/g, " ")
const write = (name: HostSettingName, value: string) => writeFileSync(hostSettings[name].path, value)

let saved: SavedSettings = takeOver()

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {})

console.log("ok")
for await (const line of linesOf(Bun.stdin.stream())) {
  try {
    console.log(`ok ${obey(line)}`)
  } catch (error) {
    console.log(`error ${error instanceof Error ? error.message : String(error)}`)
  }
}
restore()

/** Puts back what an earlier run left; refuses when that run is still there. */
function takeOver(): SavedSettings {
  const left = readSaved()
  if (left !== undefined && left.bootId === bootId()) {
    if (isGuardian(left.pid)) {
      console.log(`error another run (guardian ${left.pid}) has changed the settings of this machine: wait for its end`)
      process.exit(1)
    }
    for (const [name, value] of Object.entries(left.values)) write(name as HostSettingName, value)
  }
  rmSync(stateFile, { force: true })
  return { bootId: bootId(), pid: process.pid, values: {} }
}

function isGuardian(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("guardian.ts")
  } catch {
    return false
  }
}

function obey(line: string): string {
  const [verb, name = "", ...value] = line.split(" ")
  if (verb === "restore") {
    restore()
    return ""
  }
  if (!isHostSetting(name)) throw new Error(`${name} is no setting that the lab may change`)
  if (verb === "set") change(name, value.join(" "))
  return read(name)
}

function change(name: HostSettingName, value: string): void {
  if (!hostSettings[name].pattern.test(value)) throw new Error(`${JSON.stringify(value)} is no value for ${name}`)
  if (saved.values[name] === undefined) keep({ ...saved, values: { ...saved.values, [name]: read(name) } })
  write(name, value)
}

/** On the disk before the setting is touched. */
function keep(next: SavedSettings): void {
  const isNew = Object.keys(saved.values).length === 0
  const fd = openSync(stateFile, isNew ? "wx" : "w", 0o600)
  writeFileSync(fd, JSON.stringify(next))
  fsyncSync(fd)
  closeSync(fd)
  saved = next
}

function restore(): void {
  const values = Object.entries(saved.values)
  for (const [name, value] of values.reverse()) write(name as HostSettingName, value)
  if (values.length > 0) rmSync(stateFile, { force: true })
  saved = { ...saved, values: {} }
}
