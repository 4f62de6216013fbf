/** `holyf-network daemon start`: a worker in the background, once it really works. */
import { absolutePath, type Caller, daemonPaths, settingsFile, stateFile } from "../../core/config/daemon-paths.ts"
import { type DaemonSettings, resolveSettings, type TypedSettings } from "../../core/config/daemon-settings.ts"
import { workerVariables } from "../../core/config/unit.ts"
import { exitCodes, Failure, worldFailure } from "../failure.ts"
import { print } from "../plain/output.ts"
import { requireInterface } from "../required-interface.ts"
import { loadThresholds } from "../threshold-file.ts"
import { loadDaemonFile, thisCaller, withPaths } from "./caller.ts"
import { READY_VARIABLE, type Readiness } from "./run.ts"
import { lookPatiently } from "./target.ts"
import { alreadyRunning, flagWords } from "./words.ts"

export type StartRequest = { readonly kind: "daemon start"; readonly pidFile?: string } & TypedSettings

/** A look at 100,000 sockets with all their processes takes a few seconds on a busy host. */
const READY_MS = 30_000
const OUTPUT_MAX = 65_536

/** Answers the exit code. Throws a `Failure` with the worker's own words when it did not come up. */
export async function startDaemon(asked: StartRequest): Promise<number> {
  const caller = thisCaller()
  // What the operator can put right comes first, and nothing is made before it is known that a worker is wanted.
  const file = loadDaemonFile(caller)
  const settings = resolveSettings(asked, file.settings)
  loadThresholds()
  if (settings.interface !== undefined) await requireInterface(settings.interface)
  const paths = withPaths(() => daemonPaths(caller, { ...settings, pidFile: asked.pidFile }))
  const { verdict, record } = await lookPatiently(paths.dataDir)
  if (verdict !== "stopped") throw alreadyRunning(paths.dataDir, verdict === "running" ? record : undefined)

  const words = withPaths(() => flagWords({ ...asked, logFile: paths.logFile }, caller))
  const pid = await spawnWorker(words, caller)
  await print([
    `daemon started (pid=${pid})\n`,
    ...Object.entries({
      "data-dir": paths.dataDir,
      "pid-file": paths.pidFile,
      "log-file": paths.logFile,
      "state-file": paths.stateFile,
      ...(file.isThere ? { "config-file": file.path } : {}),
    }).map(([name, path]) => `${name}: ${path}\n`),
    summary(settings),
  ])
  return exitCodes.ok
}

const summary = ({ interval, topLimit, retentionHours }: DaemonSettings) =>
  `interval=${interval}s top-limit=${topLimit} retention=${retentionHours}h\n`

/** This program as a command, compiled or from its sources. */
export const ownCommand = (): string[] =>
  Bun.main.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, Bun.main]

/** What the worker may know of our environment: its zone, its language, its files. */
function workerEnvironment(caller: Caller): Record<string, string> {
  const kept = Object.entries(caller.env).filter(
    ([name, value]) => value !== undefined && /^(?:TZ|LANG|LC_[A-Z]+|HOME|HOLYF_NETWORK_[A-Z_]+)$/.test(name),
  ) as [string, string][]
  return {
    ...Object.fromEntries(kept),
    ...workerVariables,
    PATH: "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    // It starts in another folder: paths that were relative to ours must not change their meaning.
    HOLYF_NETWORK_DAEMON_STATE_FILE: absolutePath(stateFile(caller), caller),
    HOLYF_NETWORK_DAEMON_CONFIG_FILE: absolutePath(settingsFile(caller), caller),
    [READY_VARIABLE]: "stdout",
  }
}

/** Answers the pid of a worker that holds the lock and has written its first line. Throws a `Failure`. */
async function spawnWorker(words: readonly string[], caller: Caller): Promise<number> {
  const child = Bun.spawn([...ownCommand(), "daemon", "run", ...words], {
    detached: true,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    cwd: "/",
    env: withPaths(() => workerEnvironment(caller)),
  })
  const isLate = Bun.sleep(READY_MS).then(() => undefined)
  const stderr = readSome(child.stderr)
  const line = await Promise.race([readLine(child.stdout), isLate])
  if (line === undefined) {
    child.kill("SIGKILL")
    throw worldFailure(`the worker (pid=${child.pid}) wrote no line within ${READY_MS / 1000} s and was ended`)
  }
  const readiness = parseReadiness(line)
  if (readiness !== undefined && "pid" in readiness) {
    child.unref()
    return readiness.pid
  }
  const code = await child.exited
  if (readiness !== undefined) throw new Failure(readiness.error, readiness.code)
  const words_ = (await Promise.race([stderr, Bun.sleep(1_000).then(() => "")])).trim()
  throw worldFailure(`the worker ended with ${child.signalCode ?? code}${words_ === "" ? "" : `: ${words_}`}`)
}

function parseReadiness(line: string): Readiness | undefined {
  try {
    return JSON.parse(line) as Readiness
  } catch {
    return undefined
  }
}

/** The first line, or what came before the end. */
async function readLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes("\n") || text.length > OUTPUT_MAX) break
  }
  return text.split("\n", 1)[0]!
}

async function readSome(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const bytes of stream) if (text.length < OUTPUT_MAX) text += decoder.decode(bytes, { stream: true })
  return text
}
