/**
 * Runs one scenario where nothing can be left of it: in network, mount and process namespaces of its own, which the kernel
 * takes down with everything in them when the driver ends. The driver ends when its input does, so also when we are killed.
 */
import { join } from "node:path"
import { type hostSettings, wayToHostNamespace } from "./host-settings.ts"
import type { HostWide } from "./lab.ts"
import { linesOf } from "./lines.ts"
import { MACHINE_NAMESPACE, showScript } from "./observer.ts"
import type { Outcome } from "./outcome.ts"

const driver = join(import.meta.dir, "driver.ts")

/** A scenario that takes longer is ended; the longest waits half a minute for a connection to go stale. */
const DEADLINE_MS = 110_000

/** /run becomes ours, and keeps a name for the network namespace of the machine. */
const outside = `
  mount -t tmpfs lab /run
  touch ${MACHINE_NAMESPACE}
  mount --bind /proc/self/ns/net ${MACHINE_NAMESPACE}
  exec "$@"
`

/**
 * Inside, /run/netns names the hosts; /sys shows the devices of the new network namespace, with the control
 * groups of the old one put back under it.
 */
const ownDevices = `
  mkdir -p /run/netns /run/cgroup
  mount --rbind /sys/fs/cgroup /run/cgroup
  mount -t sysfs lab /sys
  mount --rbind /run/cgroup /sys/fs/cgroup
`
const prepare = `${ownDevices} ${showScript} exec "$@"`

const script = (text: string) => ["sh", "-ec", text, "sh"]
const enter = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]

/** The machine's namespace is that of the way there; without a way, the one that we were started in. */
const sandboxed = (command: readonly string[]) => [
  ...(wayToHostNamespace() ?? []),
  ...["unshare", "--mount", "--"],
  ...script(outside),
  ...enter,
  ...script(prepare),
  ...command,
]

/** The same without a way out of it, for the demo: nothing in it knows the machine, nor the control group we are in. */
export const enclosed = (command: readonly string[]): readonly string[] => [
  ...enter.toSpliced(1, 0, "--cgroup"),
  ...script(`mount -t tmpfs lab /run; ${ownDevices} exec "$@"`),
  ...command,
]

export type Mode = "whole" | "fault-only"

/** A message of the driver: what it wants of the machine, or what came of it all. */
export type DriverMessage =
  | { readonly set: keyof typeof hostSettings; readonly value: string }
  | { readonly get: keyof typeof hostSettings }
  | { readonly outcome: Outcome }

export async function play(name: string, mode: Mode, hostWide: HostWide): Promise<Outcome> {
  const started = performance.now()
  const child = Bun.spawn(sandboxed([process.execPath, driver, name, mode]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  })
  const complaints = new Response(child.stderr).text()
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS)
  let outcome: Outcome | undefined
  for await (const line of linesOf(child.stdout)) {
    const message = JSON.parse(line) as DriverMessage
    if ("outcome" in message) {
      outcome = message.outcome
      continue
    }
    const answer = await answerTo(message, hostWide)
    child.stdin.write(`${JSON.stringify(answer)}\n`)
    child.stdin.flush()
  }
  clearTimeout(deadline)
  await child.exited
  const wallMs = performance.now() - started
  if (outcome !== undefined) return { ...outcome, wallMs }
  const why = (await complaints).trim().split("\n").slice(-6).join(" | ")
  return { problem: `the sandbox ended early: ${why}`, readings: [], looks: 0, said: [], wallMs }
}

async function answerTo(message: Exclude<DriverMessage, { outcome: Outcome }>, hostWide: HostWide) {
  try {
    if ("get" in message) return { value: await hostWide.get(message.get) }
    await hostWide.set(message.set, message.value)
    return { value: message.value }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
