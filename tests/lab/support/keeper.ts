/** The run's side of the guardian: starts it when the first setting of the machine is changed. */
import { join } from "node:path"
import { type HostSettingName, isGuardian, readSaved, wayToHostNamespace } from "./host-settings.ts"
import type { HostWide } from "./lab.ts"
import { linesOf } from "./lines.ts"

export interface Keeper extends HostWide {
  /** Waits until no other run changes the machine; nothing else can from then on. */
  hold(): Promise<void>
  /** Puts everything back; a scenario's settings end with it. */
  restore(): Promise<void>
  close(): Promise<void>
}

interface Guardian {
  ask(order: string): Promise<string>
  end(): Promise<void>
}

async function startGuardian(): Promise<Guardian> {
  const way = wayToHostNamespace()
  if (way === undefined)
    throw new Error("the settings of the whole machine cannot be reached from this network namespace")
  const child = Bun.spawn([...way, process.execPath, join(import.meta.dir, "guardian.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    detached: true,
  })
  const lines = linesOf(child.stdout)
  const next = async () => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error("the guardian of the machine's settings ended")
    const [word = "", ...rest] = value.split(" ")
    if (word !== "ok") throw new Error(rest.join(" "))
    return rest.join(" ")
  }
  await next()
  return {
    ask(order) {
      child.stdin.write(`${order}\n`)
      child.stdin.flush()
      return next()
    },
    async end() {
      child.stdin.end()
      await child.exited
    },
  }
}

export interface KeeperOptions {
  /** How long to wait for another run of the lab that has changed the machine. */
  readonly waitMs?: number
}

const RETRY_MS = 500

/** Puts back at once what a run that was killed has left behind. */
export async function openKeeper({ waitMs = 180_000 }: KeeperOptions = {}): Promise<Keeper> {
  const start = async (): Promise<Guardian> => {
    const deadline = performance.now() + waitMs
    let isTold = false
    for (;;) {
      const { pid } = readSaved() ?? { pid: 0 }
      if (!isGuardian(pid)) return startGuardian()
      if (performance.now() > deadline)
        throw new Error(`another run (guardian ${pid}) has changed the settings of this machine: wait for its end`)
      if (!isTold) console.error(`waiting for another run of the lab (guardian ${pid})`)
      isTold = true
      await Bun.sleep(RETRY_MS)
    }
  }
  const left = readSaved()
  let guardian = left === undefined || isGuardian(left.pid) ? undefined : await startGuardian()
  const hold = async () => {
    guardian ??= await start()
    return guardian
  }
  const ask = async (order: string) => (await hold()).ask(order)
  return {
    hold: async () => void (await hold()),
    set: async (name: HostSettingName, value: string) => void (await ask(`set ${name} ${value}`)),
    get: (name: HostSettingName) => ask(`get ${name}`),
    restore: async () => void (await guardian?.ask("restore")),
    close: async () => void (await guardian?.end()),
  }
}
