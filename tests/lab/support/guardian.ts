/**
 * The process that changes settings of the whole machine and puts them back, whatever becomes of the run.
 *
 * It has a session of its own, so that an interrupt at the keyboard does not reach it, and reads its orders from its input:
 * `set NAME VALUE`, `get NAME`, `restore`; each is answered by one line, `ok …` or `error …`. When the input ends, because
 * the run did or was killed, it puts everything back and ends.
 */
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import {
  bootId,
  type HostSettingName,
  hostSettings,
  isGuardian,
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
rmSync(stateFile, { force: true })

/** Puts back what an earlier run left, and holds the file from then on; refuses when that run is still there. */
function takeOver(): SavedSettings {
  const left = readSaved()
  if (left !== undefined && isGuardian(left.pid)) {
    console.log(`error another run (guardian ${left.pid}) may change the settings of this machine: wait for its end`)
    process.exit(1)
  }
  if (left !== undefined && left.bootId === bootId())
    for (const [name, value] of Object.entries(left.values)) write(name as HostSettingName, value)
  rmSync(stateFile, { force: true })
  const mine: SavedSettings = { bootId: bootId(), pid: process.pid, values: {} }
  // A second guardian that began at the same moment finds the name taken.
  const draft = writeDraft(mine)
  linkSync(draft, stateFile)
  rmSync(draft)
  return mine
}

/** On the disk, whole, under a name of our own. */
function writeDraft(state: SavedSettings): string {
  const draft = `${stateFile}.${process.pid}`
  const fd = openSync(draft, "wx", 0o600)
  writeFileSync(fd, JSON.stringify(state))
  fsyncSync(fd)
  closeSync(fd)
  return draft
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

/** Before the setting is touched. */
function keep(next: SavedSettings): void {
  renameSync(writeDraft(next), stateFile)
  saved = next
}

function restore(): void {
  for (const [name, value] of Object.entries(saved.values)) write(name as HostSettingName, value)
  keep({ ...saved, values: {} })
}
