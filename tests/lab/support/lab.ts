/**
 * The hosts of one scenario: network namespaces that exist only inside the sandbox (see `sandbox.ts`), with their devices,
 * addresses and programs.
 *
 * The host `observed` is the sandbox's own namespace. Network number n has 10.80.n.0/24 and fd80:n::/64, and a host's
 * device in it is `lan` and the number. Hosts are numbered from 1 in the order in which the network names them.
 */
import { join } from "node:path"
import type { HostSettingName } from "./host-settings.ts"
import type { ProgramName, ProgramOptions } from "./loads/index.ts"
import type { NetworkSpec, Topology } from "./scenario.ts"

export const OBSERVED = "observed"
const SWITCH = "switch"
const READY_MS = 15_000
const loadEntry = join(import.meta.dir, "load.ts")

export interface Load {
  readonly name: string
  readonly pid: number
}

export interface Lab {
  readonly topology: Topology
  address(host: string, network?: number): string
  address6(host: string, network?: number): string
  /** Runs a script on a host and answers what it printed; throws when it fails. */
  sh(host: string, script: string): string
  /** The text of a file as a program on that host reads it; counters and settings are per namespace. */
  read(host: string, path: string): string
  /** Starts a program of `loads/` on a host under a name of at most 15 characters, and waits until it is under way. */
  run<P extends ProgramName>(
    host: string,
    name: string,
    program: P,
    options: ProgramOptions<P>,
    settings?: { readonly openFiles?: number },
  ): Promise<Load>
  /** A program that `run` started. */
  load(name: string): Load
  end(name: string): Promise<void>
  /** Changes a setting of the whole machine until the scenario ends. Only those that the scenario declares. */
  setHostWide(name: HostSettingName, value: string): Promise<void>
  readHostWide(name: HostSettingName): Promise<string>
}

export function shell(command: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { stdin: "ignore" })
  if (exitCode !== 0) throw new Error(`${command.at(-1)?.trim().split("\n")[0]}…: ${stderr.toString().trim()}`)
  return stdout.toString()
}

const enter = (host: string) => (host === OBSERVED ? [] : ["nsenter", `--net=/run/netns/${host}`, "--"])

const hostsOf = ({ networks }: Topology) => [...new Set(networks.flatMap(({ hosts }) => hosts))]

const address = (n: number, number: number) => `10.80.${n}.${number}`
const address6 = (n: number, number: number) => `fd80:${n}::${number}`

function addressOf(topology: Topology, host: string, network: number | undefined, write: typeof address): string {
  const n = network ?? topology.networks.findIndex(({ hosts }) => hosts.includes(host))
  const number = (topology.networks[n]?.hosts.indexOf(host) ?? -1) + 1
  if (number === 0) throw new Error(`${host} is in no such network`)
  return write(n, number)
}

/** The script that makes namespaces, devices and addresses. Devices are made in the sandbox and moved. */
function networkScript({ hosts, hasSwitch, isCut }: NetworkSpec, n: number): string {
  const device = `lan${n}`
  const cut = isCut === true ? "gso_max_segs 1" : ""
  const usesSwitch = hasSwitch === true || hosts.length > 2
  const switchName = `${SWITCH}${n}`
  const lines: string[] = []
  const inside = (host: string) => (host === OBSERVED ? "" : `-n ${host}`)
  const configure = (host: string) => {
    const number = hosts.indexOf(host) + 1
    lines.push(
      `ip ${inside(host)} addr add ${address(n, number)}/24 dev ${device}`,
      `ip ${inside(host)} -6 addr add ${address6(n, number)}/64 dev ${device} nodad`,
      `ip ${inside(host)} link set ${device} up`,
    )
  }
  if (usesSwitch) {
    lines.push(`ip netns add ${switchName}`, `ip -n ${switchName} link add bridge type bridge`)
    lines.push(`ip -n ${switchName} link set bridge up`)
    for (const host of hosts) {
      lines.push(
        `ip -n ${switchName} link add p-${host} ${cut} type veth peer name ${device} ${cut} netns ${host === OBSERVED ? "$$" : host}`,
        `ip -n ${switchName} link set p-${host} master bridge up`,
      )
      configure(host)
    }
    return lines.join("\n")
  }
  const [first = "", second = ""] = hosts
  const place = (host: string) => (host === OBSERVED ? "$$" : host)
  lines.push(
    `ip link add ${device} ${cut} netns ${place(first)} type veth peer name ${device} ${cut} netns ${place(second)}`,
  )
  configure(first)
  configure(second)
  return lines.join("\n")
}

function routeScript(topology: Topology): string {
  const { router, networks } = topology
  if (router === undefined) return ""
  const lines: string[] = []
  for (const host of hostsOf(topology)) {
    if (host === router) continue
    const n = networks.findIndex(({ hosts }) => hosts.includes(host) && hosts.includes(router))
    if (n < 0) continue
    const inside = host === OBSERVED ? "" : `-n ${host}`
    const gateway = networks[n]!.hosts.indexOf(router) + 1
    lines.push(`ip ${inside} route add default via ${address(n, gateway)}`)
    lines.push(`ip ${inside} -6 route add default via ${address6(n, gateway)}`)
  }
  const forward = "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"
  lines.push(router === OBSERVED ? forward : `nsenter --net=/run/netns/${router} sh -c '${forward}'`)
  return lines.join("\n")
}

/** Every host begins alike, whatever this machine was set to. Only reno may be chosen in every namespace. */
function settle(host: string): string {
  const script = "ip link set lo up; echo reno >/proc/sys/net/ipv4/tcp_congestion_control"
  return host === OBSERVED ? script : `nsenter --net=/run/netns/${host} sh -ec '${script}'`
}

/** How the sandbox asks the runner outside; see `driver.ts`. */
export interface HostWide {
  set(name: HostSettingName, value: string): Promise<void>
  get(name: HostSettingName): Promise<string>
}

export function buildLab(topology: Topology, hostWide: HostWide): Lab {
  const others = hostsOf(topology).filter((host) => host !== OBSERVED)
  shell([
    "sh",
    "-ec",
    [
      settle(OBSERVED),
      ...others.map((host) => `ip netns add ${host}\n${settle(host)}`),
      ...topology.networks.map(networkScript),
      routeScript(topology),
    ].join("\n"),
  ])
  const loads = new Map<string, Load & { readonly child: Bun.Subprocess }>()
  const lab: Lab = {
    topology,
    address: (host, network) => addressOf(topology, host, network, address),
    address6: (host, network) => addressOf(topology, host, network, address6),
    sh: (host, script) => shell([...enter(host), "sh", "-ec", script]),
    read: (host, path) => shell([...enter(host), "cat", path]),
    async run(host, name, program, options, { openFiles } = {}) {
      const limit = openFiles === undefined ? [] : ["prlimit", `--nofile=${openFiles}:${openFiles}`, "--"]
      const words = [process.execPath, loadEntry, name, program, JSON.stringify(options)]
      const child = Bun.spawn([...enter(host), ...limit, ...words], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
      })
      await firstLine(`${name} on ${host}`, child)
      const load = { name, pid: child.pid, child }
      loads.set(name, load)
      return load
    },
    load(name) {
      const load = loads.get(name)
      if (load === undefined) throw new Error(`no program called ${name} was started`)
      return load
    },
    async end(name) {
      const load = loads.get(name)
      load?.child.kill("SIGKILL")
      await load?.child.exited
    },
    setHostWide: (name, value) => hostWide.set(name, value),
    readHostWide: (name) => hostWide.get(name),
  }
  return lab
}

async function firstLine(what: string, child: Bun.Subprocess<"ignore", "pipe", "inherit">): Promise<void> {
  const reader = child.stdout.getReader()
  const late = Bun.sleep(READY_MS).then(() => "late" as const)
  const first = await Promise.race([reader.read(), late])
  if (first === "late") throw new Error(`${what} was not ready within ${READY_MS / 1000} s`)
  if (first.done) throw new Error(`${what} ended before it was ready`)
}
