/**
 * Where the daemon keeps its files, and which data directory a command means.
 *
 * Root has the host's folders, whatever HOME says and whoever called sudo; everybody else has folders at home.
 */

/** Who asks, and from where. */
export interface Caller {
  readonly isRoot: boolean
  /** Absent or empty: there is none. */
  readonly home?: string | undefined
  /** Relative paths begin here. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface DaemonPaths {
  readonly dataDir: string
  readonly pidFile: string
  readonly lockFile: string
  readonly logFile: string
  readonly stateFile: string
}

const STATE_VARIABLE = "HOLYF_NETWORK_DAEMON_STATE_FILE"
const FILE_VARIABLE = "HOLYF_NETWORK_DAEMON_CONFIG_FILE"

export const SYSTEM_STATE_FILE = "/run/holyf-network/daemon.state"
export const SYSTEM_DATA_DIR = "/var/lib/holyf-network/snapshots"
const SYSTEM_LOG_FILE = "/var/log/holyf-network/daemon.log"
const SETTINGS_FILE = "/etc/holyf-network/daemon.json"

/** Names inside a data directory. */
export const PID_NAME = "daemon.pid"
export const LOCK_NAME = ".daemon.lock"
export const LOG_NAME = "daemon.log"

/** No folder can be derived: HOME is not set. */
export class NoHomeError extends Error {
  override readonly name = "NoHomeError"
  constructor() {
    super("cannot determine the default data directory: HOME is not set. Name one with --data-dir.")
  }
}

/** An absolute path, with `~` as the home folder and without `.`, `..` and doubled slashes. Throws `NoHomeError`. */
export function absolutePath(path: string, caller: Pick<Caller, "home" | "folder">): string {
  const trimmed = path.trim()
  const isHome = trimmed === "~" || trimmed.startsWith("~/")
  if (isHome && !caller.home) throw new NoHomeError()
  const whole = isHome
    ? `${caller.home}/${trimmed.slice(1)}`
    : trimmed.startsWith("/")
      ? trimmed
      : `${caller.folder}/${trimmed}`
  const parts: string[] = []
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== "" && part !== ".") parts.push(part)
  }
  return `/${parts.join("/")}`
}

const variable = (caller: Caller, name: string): string | undefined => {
  const text = caller.env[name]?.trim()
  return text === undefined || text === "" ? undefined : absolutePath(text, caller)
}

/** Below the home folder of whoever is not root. Throws `NoHomeError`. */
const atHome = (caller: Caller, name: string): string => absolutePath(`~/.holyf-network/${name}`, caller)

export const settingsFile = (caller: Caller): string => variable(caller, FILE_VARIABLE) ?? SETTINGS_FILE
/** Throws `NoHomeError`. */
export const stateFile = (caller: Caller): string =>
  variable(caller, STATE_VARIABLE) ?? (caller.isRoot ? SYSTEM_STATE_FILE : atHome(caller, "daemon.state"))
/** Throws `NoHomeError`. */
export const defaultDataDir = (caller: Caller): string =>
  caller.isRoot ? SYSTEM_DATA_DIR : atHome(caller, "snapshots")

/** Every path of the worker of one data directory. Throws `NoHomeError`. */
export function daemonPaths(
  caller: Caller,
  named: {
    readonly dataDir?: string | undefined
    readonly pidFile?: string | undefined
    readonly logFile?: string | undefined
  },
): DaemonPaths {
  const resolve = (path: string | undefined) => (path === undefined ? undefined : absolutePath(path, caller))
  const dataDir = resolve(named.dataDir) ?? defaultDataDir(caller)
  return {
    dataDir,
    pidFile: resolve(named.pidFile) ?? `${dataDir}/${PID_NAME}`,
    lockFile: `${dataDir}/${LOCK_NAME}`,
    logFile: resolve(named.logFile) ?? (caller.isRoot ? SYSTEM_LOG_FILE : `${dataDir}/${LOG_NAME}`),
    stateFile: stateFile(caller),
  }
}

/** Where a target comes from; printed beside it. */
export type TargetSource = "--data-dir" | "--pid-file" | "running worker" | "daemon.json" | "default"

/**
 * The data directory that `stop`, `status`, `prune`, `logs` and `replay` mean: the one that was named, else that of the
 * worker that runs, else that of `daemon.json`, else the default. Throws `NoHomeError`.
 */
export function chooseDataDir(
  caller: Caller,
  known: {
    readonly typed?: string | undefined
    readonly hasPidFile?: boolean
    readonly active?: string | undefined
    readonly file?: string | undefined
  },
): { readonly dataDir: string; readonly source: TargetSource } {
  if (known.typed !== undefined) return { dataDir: absolutePath(known.typed, caller), source: "--data-dir" }
  // A pid file names a worker of its own: the one that happens to run is not meant.
  if (known.active !== undefined && known.hasPidFile !== true)
    return { dataDir: known.active, source: "running worker" }
  if (known.file !== undefined) return { dataDir: absolutePath(known.file, caller), source: "daemon.json" }
  return { dataDir: defaultDataDir(caller), source: "default" }
}
