/** Which history a command means, and which part of it. */
import { statSync } from "node:fs"
import { isatty } from "node:tty"
import {
  absolutePath,
  type Caller,
  chooseDataDir,
  SYSTEM_DATA_DIR,
  SYSTEM_STATE_FILE,
  stateFile,
} from "../../core/config/daemon-paths.ts"
import { readWindow, type Window } from "../../core/history/window.ts"
import type { HistoryAsk } from "../cli.ts"
import { hostZone, thisCaller, tolerateDaemonFile, withPaths } from "../daemon/caller.ts"
import { usageFailure } from "../failure.ts"
import { isStateAlive, readState } from "../files/active-state.ts"
import { dayOfPlace, type HistoryPlace, keepStream, segmentsIn } from "./place.ts"

const STDIN = 0

/** Throws a `Failure` when it cannot be told. `notes` are for the operator. */
export async function choosePlace(
  asked: Pick<HistoryAsk, "file" | "dataDir">,
): Promise<{ readonly place: HistoryPlace; readonly notes: readonly string[] }> {
  if (asked.file === "-" && isatty(STDIN))
    throw usageFailure(
      "-f - reads a history from the standard input, which is this terminal; try: zstdcat FILE | holyf-network replay -f -",
    )
  if (asked.file === "-") return { place: { kind: "stream", fd: keepStream(STDIN) }, notes: [] }
  const caller = thisCaller()
  const given = asked.file?.trim()
  if (given !== undefined) {
    const path = withPaths(() => absolutePath(given, caller))
    if (given.startsWith("/") || given.startsWith("~") || isThere(path))
      return { place: { kind: "file", path }, notes: [] }
    const { folder } = await chooseFolder(caller, asked.dataDir)
    const inFolder = `${folder}/${given}`
    if (isThere(inFolder)) return { place: { kind: "file", path: inFolder }, notes: [] }
    throw usageFailure(`cannot read ${given}: there is no such file here, and none in ${folder}`)
  }
  const { folder, notes } = await chooseFolder(caller, asked.dataDir)
  return { place: { kind: "folder", path: folder }, notes }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

/** The one that was named, else that of the worker that runs, else that of daemon.json, else the default. */
async function chooseFolder(
  caller: Caller,
  typed: string | undefined,
): Promise<{ readonly folder: string; readonly notes: readonly string[] }> {
  const active = typed === undefined ? activeFolder(caller) : undefined
  const file =
    typed === undefined && active === undefined ? (await tolerateDaemonFile(caller)).settings.dataDir : undefined
  const { dataDir, source } = withPaths(() => chooseDataDir(caller, { typed, active, file }))
  if (source !== "default" || dataDir === SYSTEM_DATA_DIR || hasSegments(dataDir) || !hasSegments(SYSTEM_DATA_DIR))
    return { folder: dataDir, notes: [] }
  // Without sudo: the host's own worker writes elsewhere than ours would.
  return {
    folder: SYSTEM_DATA_DIR,
    notes: [`${dataDir} is empty; this is the history of the host, ${SYSTEM_DATA_DIR}`],
  }
}

function activeFolder(caller: Caller): string | undefined {
  for (const path of new Set([withPaths(() => stateFile(caller)), SYSTEM_STATE_FILE])) {
    const found = readState(path)
    if (found.kind === "read" && isStateAlive(found.state)) return found.state.data_dir
  }
  return undefined
}

function hasSegments(folder: string): boolean {
  try {
    return segmentsIn(folder).length > 0
  } catch {
    return false
  }
}

/** Throws a `Failure` of usage when a time makes no sense. */
export function chooseWindow(
  asked: Pick<HistoryAsk, "begin" | "end" | "since">,
  place: HistoryPlace,
  now: number,
): Window {
  const fileDay = dayOfPlace(place)
  const reading = readWindow(asked, {
    now,
    zone: hostZone,
    isFile: place.kind !== "folder",
    ...(fileDay === undefined ? {} : { fileDay }),
  })
  if (!reading.ok) throw usageFailure(reading.reason)
  return reading.window
}
