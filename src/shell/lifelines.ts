/**
 * What must not be cut off: who logged in to where we run, the addresses of this host, its gateways and its resolvers.
 *
 * The operator's session is looked for twice: `sudo` takes SSH_CONNECTION out of our environment, but not out of the
 * one of our forefathers; and the login server among them holds the connection itself.
 */
import { fstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import type { NamespacePlace } from "../../ffi/namespace.ts"
import type { Lifelines, Session } from "../core/mitigation/guards.ts"
import { type Forefather, isLoginSession, sshClient } from "../core/mitigation/session.ts"
import { parseNameServers } from "../core/proc/resolv-conf.ts"
import { parseIpv4Gateways, parseIpv6Gateways } from "../core/proc/route.ts"
import { formatAddress, parseAddress } from "../core/wire/address.ts"
import { listHostAddresses } from "./kernel/links.ts"
import { readFileIn } from "./kernel/namespace-file.ts"
import { KernelError } from "./kernel/netlink.ts"
import { listEstablished, listListening, openSockets } from "./kernel/peer-sockets.ts"
import { readText } from "./text-file.ts"

/** More forefathers, and more descriptors of one, are not looked at. */
const FOREFATHERS_MAX = 64
const DESCRIPTORS_MAX = 4_096
/** Linux's default, net/ipv4/af_inet.c. */
const EPHEMERAL_DEFAULT = [32_768, 60_999] as const

export interface LifelineOptions {
  /** Where the block is placed. */
  readonly namespace?: NamespacePlace
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Never throws: what could not be found out is a note. */
export async function readLifelines({ namespace, env = process.env }: LifelineOptions = {}): Promise<Lifelines> {
  const notes: string[] = []
  const forefathers = listForefathers()
  const sessions: Session[] = []
  const add = (peer: string | undefined, source: string) => {
    const bytes = peer === undefined ? undefined : parseAddress(peer)
    if (bytes === undefined) return
    const text = formatAddress(bytes)
    if (!sessions.some((session) => session.peer === text)) sessions.push({ peer: text, source })
  }
  add(sshClient(env.SSH_CONNECTION), "SSH_CONNECTION")
  add(sshClient(env.SSH_CLIENT), "SSH_CLIENT")
  for (const { pid, name } of forefathers.slice(1))
    add(sshClient(variableOf(pid, "SSH_CONNECTION")), `SSH_CONNECTION of ${name}, pid ${pid}`)
  for (const { peer, holder } of await loginConnections(forefathers, notes))
    add(peer, `connection of ${holder.name}, pid ${holder.pid}`)

  let own: readonly string[] = []
  try {
    own = (await listHostAddresses(namespace)).map(({ address }) => address)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    notes.push(`this host's own addresses are not known: ${error.message}`)
  }
  const gateways = [
    ...parseIpv4Gateways(readFileIn(namespace, "/proc/thread-self/net/route") ?? ""),
    ...parseIpv6Gateways(readFileIn(namespace, "/proc/thread-self/net/ipv6_route") ?? ""),
  ]
  return { sessions, own, gateways, resolvers: readResolvers(), notes }
}

/** systemd-resolved puts itself into resolv.conf and keeps those that it asks beside it. */
function readResolvers(): readonly string[] {
  const files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]
  return [...new Set(files.flatMap((file) => parseNameServers(textOr(() => readText(file).text) ?? "")))]
}

/** Local ports that outgoing connections get. */
export function readEphemeralPorts(namespace?: NamespacePlace): readonly [number, number] {
  const text = readFileIn(namespace, "/proc/sys/net/ipv4/ip_local_port_range") ?? ""
  const [, first, last] = /^(\d{1,5})\s+(\d{1,5})\s*$/.exec(text) ?? []
  return first === undefined || last === undefined ? EPHEMERAL_DEFAULT : [Number(first), Number(last)]
}

/** Ourselves first, then whoever started whom. */
function listForefathers(): readonly Forefather[] {
  const found: Forefather[] = []
  for (let pid = process.pid; pid > 0 && found.length < FOREFATHERS_MAX; ) {
    // proc(5): the name stands in brackets and may hold anything; behind it state, parent, group, session.
    const stat = textOr(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
    const [, name, parent, sessionId] = /^\d+ \(([\s\S]*)\) \S (-?\d+) -?\d+ (-?\d+)/.exec(stat ?? "") ?? []
    if (name === undefined) break
    found.push({ pid, name: name.replace(/[^\x20-\x7e]/g, "?"), sessionId: Number(sessionId) })
    pid = Number(parent)
  }
  return found
}

function variableOf(pid: number, name: string): string | undefined {
  const environment = textOr(() => readFileSync(`/proc/${pid}/environ`, "utf8")) ?? ""
  return environment
    .split("\0")
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}

interface LoginConnection {
  readonly peer: string
  readonly holder: Forefather
}

/** Connections of our forefathers that somebody logged in by, in whatever namespace each of them lives. */
async function loginConnections(
  forefathers: readonly Forefather[],
  notes: string[],
): Promise<readonly LoginConnection[]> {
  const holders = new Map<string, Map<number, number>>()
  // pid 1 holds sockets for others; what it holds says nothing about us.
  for (const [place, { pid }] of forefathers.entries()) {
    if (place === 0 || pid === 1) continue
    const namespace = linkOr(`/proc/${pid}/ns/net`)
    const inodes = socketsOf(pid)
    if (namespace === undefined || inodes.length === 0) continue
    const known = holders.get(namespace) ?? new Map<number, number>()
    holders.set(namespace, known)
    // The nearest of several that share it: its child is who logged in.
    for (const inode of inodes) if (!known.has(inode)) known.set(inode, place)
  }
  const standard = new Set([0, 1, 2].map((fd) => socketInode(fd)))
  const found: LoginConnection[] = []
  const home = linkOr("/proc/self/ns/net")
  for (const [namespace, places] of holders) {
    const [first] = places.values()
    const path = namespace === home ? undefined : { path: `/proc/${forefathers[first!]!.pid}/ns/net` }
    try {
      using conversation = openSockets(path)
      const listening = await listListening(conversation)
      const [low, high] = readEphemeralPorts(path)
      for (const socket of await listEstablished(conversation)) {
        const place = places.get(socket.inode)
        if (place === undefined) continue
        const { localPort, peerAddress, inode } = socket
        const holder = forefathers[place]!
        const isIncoming = listening.tcp.has(localPort) || localPort < low || localPort > high
        const held = { holder, child: forefathers[place - 1]!, localPort, isIncoming }
        if (isLoginSession({ ...held, isStandardStream: standard.has(inode) }))
          found.push({ peer: peerAddress, holder })
      }
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      notes.push(`the connection of your own session was not looked for: ${error.message}`)
    }
  }
  return found
}

/** Inodes of the sockets that a process holds; none when its descriptors may not be read. */
function socketsOf(pid: number): readonly number[] {
  let names: string[]
  try {
    names = readdirSync(`/proc/${pid}/fd`)
  } catch {
    return []
  }
  return names.slice(0, DESCRIPTORS_MAX).flatMap((name) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOr(`/proc/${pid}/fd/${name}`) ?? "")?.[1]
    return inode === undefined ? [] : [Number(inode)]
  })
}

function socketInode(fd: number): number | undefined {
  try {
    const { ino } = fstatSync(fd)
    return statSync(`/proc/self/fd/${fd}`).isSocket() ? ino : undefined
  } catch {
    return undefined
  }
}

function textOr(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

const linkOr = (path: string): string | undefined => textOr(() => readlinkSync(path))
