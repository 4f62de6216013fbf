/**
 * The kernel's text files. Each reader takes the folder where /proc is mounted, and answers a value or the reason why
 * there is none; none of them throws.
 *
 * They are read in the caller's turn: each is bounded, the kernel makes it from memory, and all together take less
 * time than handing them to another thread.
 */
import { parseLoadAverage } from "../core/proc/load-average.ts"
import { parseDecimal } from "../core/proc/number.ts"
import { parseResidentBytes } from "../core/proc/resident-memory.ts"
import { type DefaultRoute, parseIpv4DefaultRoutes, parseIpv6DefaultRoutes } from "../core/proc/route.ts"
import { parseCounterLines, parseCounterPairs } from "../core/proc/snmp.ts"
import { parseSocketStatistics } from "../core/proc/sockstat.ts"
import { parseSoftnet } from "../core/proc/softnet.ts"
import type { NetworkNamespace } from "../core/sample/network-namespace.ts"
import type {
  ConntrackTable,
  OwnUsage,
  ProtocolCounters,
  Reading,
  SocketStatistics,
  SoftnetCpu,
} from "../core/sample/sample.ts"
import { missing, reading } from "../core/sample/sample.ts"
import { KernelError } from "./kernel/netlink.ts"
import { readTextIn } from "./kernel/network-namespaces.ts"
import { readFileAs, readProblem, readText } from "./text-file.ts"

const PROC = "/proc"
const UNMOUNTED = "Is /proc mounted?"

/** A file without a single group holds something else than counters. */
const unlessEmpty = <T extends object>(value: T): T | undefined => (Object.keys(value).length === 0 ? undefined : value)

/**
 * Protocol counters of this network namespace, from snmp, netstat and snmp6. Without snmp there is nothing; a kernel
 * without IPv6 has no snmp6, and then those groups are absent.
 */
export const readCounters = (proc = PROC): Reading<ProtocolCounters> =>
  countersBy((name, parse) => readFileAs(`${proc}/net/${name}`, parse, name === "snmp" ? UNMOUNTED : ""))

/** The same of another network namespace. */
export const readCountersIn = (namespace: NetworkNamespace): Reading<ProtocolCounters> =>
  countersBy((name, parse) => readFileIn(namespace, `/proc/thread-self/net/${name}`, parse))

type CounterFile = <T>(name: "snmp" | "netstat" | "snmp6", parse: (text: string) => T | undefined) => Reading<T>

function countersBy(read: CounterFile): Reading<ProtocolCounters> {
  const snmp = read("snmp", (text) => unlessEmpty(parseCounterPairs(text)))
  if (!snmp.ok) return snmp
  const netstat = read("netstat", parseCounterPairs)
  const snmp6 = read("snmp6", parseCounterLines)
  return reading({ ...snmp.value, ...(netstat.ok && netstat.value), ...(snmp6.ok && snmp6.value) })
}

/** The counters of snmp alone, TCP's among them: cheap enough for every second. */
export const readTcpCounters = (proc = PROC): Reading<ProtocolCounters> =>
  readFileAs(`${proc}/net/snmp`, (text) => unlessEmpty(parseCounterPairs(text)), UNMOUNTED)

/** Reads and parses one file as it reads inside a network namespace, or says why there is nothing. */
export function readFileIn<T>(
  namespace: NetworkNamespace,
  path: string,
  parse: (text: string) => T | undefined,
): Reading<T> {
  let text: string
  try {
    text = readTextIn(namespace, path)
  } catch (error) {
    return missing(error instanceof KernelError ? error.message : readProblem(path, error))
  }
  const value = parse(text)
  return value === undefined ? missing(`cannot read ${path}: it does not hold what it should`) : reading(value)
}

/** Socket counts of this network namespace and the host's TCP memory, from sockstat and, where there is IPv6, sockstat6. */
export function readSocketStatistics(proc = PROC): Reading<SocketStatistics> {
  const ipv4 = readFileAs(`${proc}/net/sockstat`, (text) => unlessEmpty(parseSocketStatistics(text)), UNMOUNTED)
  if (!ipv4.ok) return ipv4
  const ipv6 = readFileAs(`${proc}/net/sockstat6`, parseSocketStatistics)
  return reading({ ...ipv4.value, ...(ipv6.ok && ipv6.value) })
}

/** What each CPU of the host did with received packets. */
export const readSoftnet = (proc = PROC): Reading<readonly SoftnetCpu[]> =>
  readFileAs(`${proc}/net/softnet_stat`, (text) => unlessEmpty(parseSoftnet(text)), UNMOUNTED)

/** How full the connection tracking table of this network namespace is. */
export function readConntrack(proc = PROC): Reading<ConntrackTable> {
  const folder = `${proc}/sys/net/netfilter`
  const decimal = (text: string) => parseDecimal(text.trim())
  const count = readFileAs(
    `${folder}/nf_conntrack_count`,
    decimal,
    "The kernel module nf_conntrack is not loaded, so nothing is tracked",
  )
  if (!count.ok) return count
  const max = readFileAs(`${folder}/nf_conntrack_max`, decimal)
  return max.ok ? reading({ count: count.value, max: max.value }) : max
}

/** CPU time of this program, without the programs it ran, and the memory it holds. */
export function readOwnUsage(proc = PROC): Reading<OwnUsage> {
  const resident = readFileAs(`${proc}/self/status`, parseResidentBytes, UNMOUNTED)
  if (!resident.ok) return resident
  const { user, system } = process.cpuUsage()
  return reading({ cpuUs: user + system, rssBytes: resident.value })
}

/** The host's load averages. */
export const readLoad = (proc = PROC): Reading<readonly [number, number, number]> =>
  readFileAs(`${proc}/loadavg`, parseLoadAverage, UNMOUNTED)

/**
 * The default routes of one family; none when the file cannot be read, as without IPv6. Of a router's full table only
 * the first megabyte is looked at: IPv4 lists 0.0.0.0/0 first, while IPv6 lists ::/0 behind its longer prefixes.
 */
export const readIpv4DefaultRoutes = (proc = PROC) => routes(`${proc}/net/route`, parseIpv4DefaultRoutes)
export const readIpv6DefaultRoutes = (proc = PROC) => routes(`${proc}/net/ipv6_route`, parseIpv6DefaultRoutes)

function routes(path: string, parse: (text: string) => readonly DefaultRoute[]): readonly DefaultRoute[] {
  try {
    return parse(readText(path).text)
  } catch {
    return []
  }
}
