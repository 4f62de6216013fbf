/** Where and by which means a plain command acts. */
import { existsSync, readFileSync } from "node:fs"
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import { parseForced } from "../../core/mitigation/capability.ts"
import { usageFailure, worldFailure } from "../failure.ts"
import { isExpected, type Means, probeCapabilities } from "../mitigation.ts"

/** Throws a `Failure` of usage when there is no such namespace. */
export async function chooseMeans(netns: string | undefined): Promise<Means> {
  const namespace = netns === undefined ? undefined : findNamespace(netns)
  const capabilities = await probeCapabilities(parseForced(process.env.HOLYF_FORCE_EXEC), namespace)
  return { capabilities, ...(namespace !== undefined && { namespace }) }
}

function findNamespace(name: string): NamespacePlace {
  const isPid = /^[1-9]\d{0,9}$/.test(name)
  // A name with a slash, or of dots, would lead out of the folder.
  if (name.includes("/") || /^\.*$/.test(name) || name.includes("\0"))
    throw usageFailure(`--netns takes a name of \`ip netns\` or a pid, not ${JSON.stringify(name)}`)
  const paths = [`/run/netns/${name}`, ...(isPid ? [`/proc/${name}/ns/net`] : [])]
  const path = paths.find((candidate) => existsSync(candidate))
  if (path === undefined) throw usageFailure(`there is no network namespace ${name}; see: ip netns list`)
  return { path }
}

/** Who is noted as having asked: whoever called sudo, else the user we are. */
export function askedBy(): string {
  if (process.env.SUDO_USER) return process.env.SUDO_USER
  const uid = process.getuid?.() ?? -1
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((entry) => entry.split(":")[2] === String(uid))
    if (line !== undefined) return line.split(":")[0]!
  } catch {
    // Users may be kept elsewhere.
  }
  return `uid-${uid}`
}

/** Eight hexadecimal digits that no other block has. */
export const newBlockId = (): string => crypto.getRandomValues(Buffer.alloc(4)).toString("hex")

/** What the kernel or a program refused becomes the sentence to end with. */
export async function orFail<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw isExpected(error) ? worldFailure(error.message) : error
  }
}
