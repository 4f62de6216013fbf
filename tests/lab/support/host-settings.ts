/**
 * Settings that hold for the whole machine, whatever namespace one is in, and that a scenario may change.
 *
 * They are changed and put back by the guardian alone (`guardian.ts`). What was there before is in a file first, so the
 * next start puts it back when even the guardian was killed.
 */
import { existsSync, lstatSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Each with the file it is in and what a value looks like; nothing else is ever written. */
export const hostSettings = {
  nf_conntrack_max: { path: "/proc/sys/net/netfilter/nf_conntrack_max", pattern: /^\d{1,9}$/ },
  tcp_mem: { path: "/proc/sys/net/ipv4/tcp_mem", pattern: /^\d{1,9}\s\d{1,9}\s\d{1,9}$/ },
  tcp_max_orphans: { path: "/proc/sys/net/ipv4/tcp_max_orphans", pattern: /^\d{1,9}$/ },
  netdev_max_backlog: { path: "/proc/sys/net/core/netdev_max_backlog", pattern: /^\d{1,9}$/ },
  gc_thresh1: { path: "/proc/sys/net/ipv4/neigh/default/gc_thresh1", pattern: /^\d{1,9}$/ },
  gc_thresh2: { path: "/proc/sys/net/ipv4/neigh/default/gc_thresh2", pattern: /^\d{1,9}$/ },
  gc_thresh3: { path: "/proc/sys/net/ipv4/neigh/default/gc_thresh3", pattern: /^\d{1,9}$/ },
} as const satisfies Record<string, { path: string; pattern: RegExp }>

export type HostSettingName = keyof typeof hostSettings

export const isHostSetting = (name: string): name is HostSettingName => Object.hasOwn(hostSettings, name)

/** There while a guardian is, with what it has to put back; the next start reads it when the guardian was killed. */
export const stateFile = join(tmpdir(), "holyf-network-lab-settings.json")

export interface SavedSettings {
  /** Which start of the machine these belong to. After the next one they are history. */
  readonly bootId: string
  /** The guardian that answers for them. */
  readonly pid: number
  readonly values: Readonly<Partial<Record<HostSettingName, string>>>
}

export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()

/**
 * What an earlier run left behind. The folder is open to everyone, so the file counts only when it is ours alone, and
 * values only when they look like values.
 */
export function readSaved(file = stateFile): SavedSettings | undefined {
  if (!existsSync(file)) return undefined
  const { uid, mode } = lstatSync(file)
  if (uid !== process.getuid?.() || (mode & 0o170077) !== 0o100000)
    throw new Error(`${file} is not a file of this user alone: look at it, and remove it`)
  const saved = JSON.parse(readFileSync(file, "utf8")) as SavedSettings
  const values = Object.entries(saved.values).filter(
    ([name, value]) => isHostSetting(name) && hostSettings[name].pattern.test(String(value)),
  )
  return { bootId: String(saved.bootId), pid: Number(saved.pid), values: Object.fromEntries(values) }
}

/** True while the guardian of that number lives. */
export function isGuardian(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("guardian.ts")
  } catch {
    return false
  }
}

/**
 * How to reach the namespace that has these settings: nothing to do when we are in it, else the way through the first of
 * our ancestors who is. Undefined when there is none, as in a container.
 */
export function wayToHostNamespace(): readonly string[] | undefined {
  const probe = hostSettings.netdev_max_backlog.path
  if (existsSync(probe)) return []
  for (let pid = process.ppid; pid > 0; pid = parentOf(pid)) {
    const way = ["nsenter", `--net=/proc/${pid}/ns/net`, "--"]
    if (Bun.spawnSync([...way, "test", "-e", probe]).exitCode === 0) return way
  }
  return undefined
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)
  } catch {
    return 0
  }
}
