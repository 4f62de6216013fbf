/**
 * Network namespaces of this host: which there are, and what is written inside one.
 *
 * A namespace is alive while a process is in it, a file is bound to it, or a socket of it is open. We find it by the
 * first two. Which namespace a foreign process is in is told only with CAP_SYS_PTRACE; entering needs CAP_SYS_ADMIN.
 */
import { closeSync, constants, openSync, readdirSync, readSync, statSync } from "node:fs"
import { closeFd, openDirectory, readLink } from "../../../ffi/libc.ts"
import { alloc, cstr } from "../../../ffi/memory.ts"
import { openFileIn } from "../../../ffi/namespace.ts"
import {
  type NamespaceSighting,
  type NetworkNamespace,
  parseNamespaceLink,
} from "../../core/sample/network-namespace.ts"
import { asKernelError } from "./netlink.ts"

/** Where `ip netns` and container engines bind namespaces to names. */
const BOUND_FOLDERS = ["/run/netns", "/var/run/docker/netns"] as const
/** More names than this in one folder are not looked at. */
const BOUND_MAX = 4_096
/** More of one text file is not read. */
const TEXT_MAX = 1_048_576

/** The inode of the namespace we are in. */
export const ownNamespaceId = (): number => statSync("/proc/self/ns/net").ino

/** The inode that a path leads to now; `undefined` when it is gone, forbidden, or no namespace. */
export function namespaceIdAt(path: string): number | undefined {
  try {
    const { ino, dev } = statSync(path)
    return dev === nsfsDevice() ? ino : undefined
  } catch {
    return undefined
  }
}

let device: number | undefined
/** Every namespace file lies on one file system of the kernel's own. A file beside it is none. */
function nsfsDevice(): number {
  device ??= statSync("/proc/self/ns/net").dev
  return device
}

/** Namespaces bound to names, `ip netns` first. Anything else in those folders is passed over. */
export function listBoundNamespaces(folders: readonly string[] = BOUND_FOLDERS): readonly NamespaceSighting[] {
  return folders.flatMap((folder) => {
    let names: string[]
    try {
      names = readdirSync(folder)
    } catch {
      return []
    }
    return names.slice(0, BOUND_MAX).flatMap((boundName): NamespaceSighting[] => {
      const path = `${folder}/${boundName}`
      const id = namespaceIdAt(path)
      return id === undefined ? [] : [{ id, boundName, path }]
    })
  })
}

/** At 4 µs a process, so many are asked again in one look at most. */
const ASKED_AGAIN_MAX = 2_000

/** Which processes there are, and which namespace each is in; reads links through one open folder, without objects. */
export class ProcessNamespaces {
  private readonly buffer = alloc(64)
  private readonly decoder = new TextDecoder()
  private known: ReadonlyMap<number, number> = new Map()
  private young: ReadonlySet<number> = new Set()
  private lookCount = 0

  constructor(private readonly proc = "/proc") {}

  /**
   * The namespace of each process by pid, in order of pids; what cannot be read is left out. New processes are asked
   * at once, and once more in the next look (a container engine forks first and moves then). The others seldom change
   * their namespace: every second look asks each, with more than 4,000 of them less often. `isFresh` asks all.
   */
  look(isFresh = false): ReadonlyMap<number, number> {
    const next = new Map<number, number>()
    const young = new Set<number>()
    const parts = Math.max(2, Math.ceil(this.known.size / ASKED_AGAIN_MAX))
    const turn = this.lookCount++ % parts
    const folder = openDirectory(this.proc)
    try {
      for (const name of readdirSync(this.proc)) {
        const pid = Number(name)
        if (!(pid > 0)) continue
        const before = this.known.get(pid)
        if (before === undefined) young.add(pid)
        const isDue = isFresh || before === undefined || this.young.has(pid) || pid % parts === turn
        const id = isDue ? this.read(folder, name) : before
        if (id !== undefined) next.set(pid, id)
      }
    } finally {
      closeFd(folder)
    }
    this.known = next
    this.young = young
    return next
  }

  private read(folder: number, pid: string): number | undefined {
    const length = readLink(folder, cstr(`${pid}/ns/net`), this.buffer)
    return length <= 0 ? undefined : parseNamespaceLink(this.decoder.decode(this.buffer.subarray(0, length)))
  }
}

/**
 * The text of a file as it reads inside a namespace: `/proc/thread-self/net/snmp`, `/proc/sys/net/netfilter/…`. No
 * process need be in it. At most 1 MiB. Throws `KernelError` when it cannot be opened there, else what reading throws.
 */
export function readTextIn(namespace: NetworkNamespace, path: string): string {
  const { path: place, id, name } = namespace
  const fd =
    place === undefined
      ? openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      : asKernelError(`read ${path} in network namespace ${JSON.stringify(name)}`, () =>
          openFileIn({ path: place, inode: id }, path),
        )
  // Such a file belongs to the namespace it was opened in, wherever it is read.
  try {
    return readText(fd)
  } finally {
    closeSync(fd)
  }
}

// With a buffer of its own for each file, a look at a hundred namespaces would leave 100 MB of garbage.
const scratch = Buffer.allocUnsafeSlow(16_384)

function readText(fd: number): string {
  const parts: Buffer[] = []
  for (let total = 0; total < TEXT_MAX; ) {
    const length = readSync(fd, scratch, 0, Math.min(scratch.length, TEXT_MAX - total), null)
    if (length === 0) break
    // What is read next comes into the same buffer.
    parts.push(Buffer.from(scratch.subarray(0, length)))
    total += length
  }
  return Buffer.concat(parts).toString("utf8")
}
