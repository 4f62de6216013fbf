/**
 * Interfaces: which there are, which one to watch, its counters and its speed.
 *
 * Names and counters come from the kernel's answers about our own network namespace. /sys is another matter: it shows
 * the namespace it was mounted in, so inside a pod entered with `nsenter -n` its eth0 is the host's. Nothing is
 * believed there before the device has been recognised.
 */
import { readdirSync, statSync } from "node:fs"
import { chooseInterface, plain } from "../core/model/interface-choice.ts"
import { parseDecimal } from "../core/proc/number.ts"
import { interfaceCounters } from "../core/sample/interface-counters.ts"
import type { InterfaceCounters, Reading } from "../core/sample/sample.ts"
import { missing, reading } from "../core/sample/sample.ts"
import type { LinkMessage } from "../core/wire/rtnetlink.ts"
import { listLinks, readLink } from "./kernel/links.ts"
import { KernelError } from "./kernel/netlink.ts"
import { readIpv4DefaultRoutes, readIpv6DefaultRoutes } from "./procfs.ts"
import { readProblem, readText } from "./text-file.ts"

const SYS = "/sys"

/**
 * Names of all interfaces, `lo` included, in the order of their index. Where netlink is refused, /sys is asked, in
 * the order of names. Missing only when both fail.
 */
export async function listInterfaces(sys = SYS): Promise<Reading<readonly string[]>> {
  try {
    return reading((await listLinks()).map((link) => link.name))
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    const names = listInterfaceFolders(sys)
    return names.ok ? names : missing(`${error.message}; ${names.reason}`)
  }
}

/** Names of the folders in /sys/class/net. With bonding loaded there is a file too, `bonding_masters`. */
export function listInterfaceFolders(sys = SYS): Reading<readonly string[]> {
  const folder = `${sys}/class/net`
  try {
    return reading(
      readdirSync(folder)
        .filter((name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.isDirectory())
        .sort(),
    )
  } catch (error) {
    return missing(readProblem(folder, error, "Is /sys mounted?"))
  }
}

/** The interface that was asked for, or the one that leads out of this host; else the sentence to end with. */
export async function resolveInterface(
  asked: string | undefined,
  { proc = "/proc", sys = SYS }: { proc?: string; sys?: string } = {},
): Promise<Reading<string>> {
  const names = await listInterfaces(sys)
  if (!names.ok) return names
  const choice = chooseInterface(asked, {
    names: names.value,
    ipv4: readIpv4DefaultRoutes(proc),
    ipv6: readIpv6DefaultRoutes(proc),
  })
  return choice.ok ? reading(choice.name) : missing(choice.reason)
}

/** All counters of one interface at one instant, with its speed where that is a limit. */
export async function readInterface(name: string, sys = SYS): Promise<Reading<InterfaceCounters>> {
  try {
    const link = await readLink(name)
    const counters = interfaceCounters(name, link, readSpeed(name, link, sys))
    return counters === undefined
      ? missing(`cannot read the counters of interface ${plain(name)}: the kernel's answer holds none`)
      : reading(counters)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return missing(error.answer === "ENODEV" ? `interface ${plain(name)} is gone` : error.message)
  }
}

/**
 * Bits per second of a real device whose link is up, else nothing. A veth says 10,000 Mb/s and carries more; a bridge
 * repeats what its ports say; only a device with hardware behind it has a `device` entry.
 */
export function readSpeed(
  name: string,
  link: Pick<LinkMessage, "index" | "hardwareAddress">,
  sys = SYS,
): number | undefined {
  const folder = `${sys}/class/net/${name}`
  try {
    if (readEntry(`${folder}/ifindex`) !== String(link.index)) return undefined
    if (readEntry(`${folder}/address`) !== formatHardwareAddress(link.hardwareAddress)) return undefined
    if (statSync(`${folder}/device`, { throwIfNoEntry: false }) === undefined) return undefined
    // A link that is down refuses the read (EINVAL); a device that does not know says -1, some drivers 2^32 - 1.
    const megabits = parseDecimal(readEntry(`${folder}/speed`))
    return megabits !== undefined && megabits > 0 && megabits < SPEED_UNKNOWN ? megabits * 1_000_000 : undefined
  } catch {
    return undefined
  }
}

/** linux/ethtool.h, SPEED_UNKNOWN as an unsigned number. */
const SPEED_UNKNOWN = 0xffff_ffff

const readEntry = (path: string) => readText(path, 4_096).text.trim()

/** As /sys prints it; a tunnel without a hardware address prints nothing. */
const formatHardwareAddress = (bytes: Uint8Array = new Uint8Array()) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":")
