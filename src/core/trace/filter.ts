/**
 * From the form to the filter that tcpdump is given.
 *
 * Beside the peer's own packets a filter takes the witnesses: ICMP errors that quote the peer, and the questions for the
 * hardware address on the way to it. Without them a small MTU, a refusing router and a dead neighbour stay invisible.
 */
import type { Alias } from "../sample/aliases.ts"
import { formatAddress, parseAddress } from "../wire/address.ts"

export type Mode = "general" | "handshake" | "packet-loss" | "reset-storm" | "custom"
export type Strategy = "peer-port" | "peer-only" | "five-tuple" | "syn-rst"
export type Direction = "any" | "in" | "out"

export const SECONDS_MAX = 60
export const PACKETS_MAX = 20_000
/** Headers with every option; names of DNS and most of TLS besides. */
export const SNAP_LENGTH = 512
export const SNAP_LENGTH_MIN = 64
export const SNAP_LENGTH_MAX = 65_535
/** A clause longer than this was not typed by anybody. */
export const CLAUSE_MAX = 1_000

export interface Tuple {
  readonly local: string
  readonly localPort: number
  readonly remote: string
  readonly remotePort: number
}

/** What a row gives the form. */
export interface TraceSeed {
  readonly peer: string
  readonly port?: number
  readonly side: "in" | "out"
  readonly tuple?: Tuple
  readonly protocol?: "tcp" | "udp"
}

export interface TraceForm {
  readonly peer: string
  readonly port?: number
  readonly interfaceName: string
  readonly mode: Mode
  readonly strategy: Strategy
  readonly direction: Direction
  readonly seconds: number
  readonly packets: number
  readonly snapLength: number
  readonly isSaved: boolean
  /** BPF; counts in mode `custom` only. */
  readonly clause: string
  readonly protocol?: "tcp" | "udp"
  readonly tuple?: Tuple
  /** The address that packets to the peer are handed to, when it is another. */
  readonly gateway?: string
  /** Other names under which this host sees the peer's packets. */
  readonly aliases?: readonly Alias[]
}

export interface ModeSpec {
  readonly mode: Mode
  readonly label: string
  readonly meaning: string
  readonly preset?: { readonly strategy: Strategy | "peer"; readonly seconds: number; readonly packets: number }
}

/** Both directions in every mode: half of a handshake proves nothing. */
export const modes: readonly ModeSpec[] = [
  {
    mode: "general",
    label: "General triage",
    meaning: "a balanced first look",
    preset: { strategy: "peer", seconds: 10, packets: 2_000 },
  },
  {
    mode: "handshake",
    label: "Handshake",
    meaning: "a short capture of SYN, SYN-ACK and resets",
    preset: { strategy: "syn-rst", seconds: 8, packets: 1_200 },
  },
  {
    mode: "packet-loss",
    label: "Packet loss",
    meaning: "a larger sample, for retransmissions",
    preset: { strategy: "peer", seconds: 20, packets: 6_000 },
  },
  {
    mode: "reset-storm",
    label: "Reset storm",
    meaning: "who tears connections down",
    preset: { strategy: "syn-rst", seconds: 15, packets: 5_000 },
  },
  { mode: "custom", label: "Custom", meaning: "strategy and a clause of one's own" },
]

export interface StrategySpec {
  readonly strategy: Strategy
  readonly label: string
  readonly meaning: string
}

export const strategies: readonly StrategySpec[] = [
  { strategy: "peer-port", label: "Peer + Port", meaning: "all packets of the peer at this port" },
  { strategy: "peer-only", label: "Peer only", meaning: "all packets of the peer" },
  { strategy: "five-tuple", label: "5-tuple", meaning: "the selected connection alone" },
  { strategy: "syn-rst", label: "SYN/RST only", meaning: "handshakes and resets, no data" },
]

export const directions: readonly {
  readonly direction: Direction
  readonly label: string
  readonly meaning: string
}[] = [
  { direction: "any", label: "Both ways", meaning: "needed to see what was not answered" },
  { direction: "in", label: "Only in", meaning: "silence of this host proves nothing" },
  { direction: "out", label: "Only out", meaning: "silence of the peer proves nothing" },
]

export const modeLabel = (mode: Mode): string => modes.find((spec) => spec.mode === mode)!.label
export const strategyLabel = (strategy: Strategy): string => strategies.find((s) => s.strategy === strategy)!.label

/** Sets what the mode presets; in `custom` all stays as it was. */
export function setMode(form: TraceForm, mode: Mode): TraceForm {
  const { preset } = modes.find((spec) => spec.mode === mode)!
  if (preset === undefined) return { ...form, mode }
  const peerStrategy: Strategy = form.port === undefined ? "peer-only" : "peer-port"
  const strategy = preset.strategy === "peer" ? peerStrategy : preset.strategy
  return { ...form, mode, strategy, direction: "any", seconds: preset.seconds, packets: preset.packets }
}

export function openForm(seed: TraceSeed, interfaceName: string): TraceForm {
  const { peer, port, tuple, protocol } = seed
  const form: TraceForm = {
    peer,
    ...(port === undefined ? {} : { port }),
    ...(tuple === undefined ? {} : { tuple }),
    ...(protocol === undefined ? {} : { protocol }),
    interfaceName,
    mode: "general",
    strategy: "peer-only",
    direction: "any",
    seconds: 10,
    packets: 2_000,
    snapLength: SNAP_LENGTH,
    isSaved: true,
    clause: "",
  }
  return setMode(form, "general")
}

export type FormField = "peer" | "port" | "interface" | "seconds" | "packets" | "snap-length" | "strategy" | "clause"

export type FilterReading =
  | { readonly ok: true; readonly filter: string }
  | { readonly ok: false; readonly field: FormField; readonly reason: string }

const wrong = (field: FormField, reason: string): FilterReading => ({ ok: false, field, reason })

const isWithin = (value: number, min: number, max: number) => Number.isInteger(value) && value >= min && value <= max

/** An address as it is compared and stored; `undefined` when it is none. */
export function canonicalPeer(text: string): string | undefined {
  const peer = parseAddress(text.trim())
  return peer === undefined ? undefined : formatAddress(peer)
}

/** The filter as it will run, or the field that stands in the way. */
export function readForm(form: TraceForm): FilterReading {
  const peer = parseAddress(form.peer)
  if (peer === undefined) return wrong("peer", "takes an IPv4 or IPv6 address")
  if (form.port !== undefined && !isWithin(form.port, 1, 65_535)) return wrong("port", "takes a number from 1 to 65535")
  if (form.interfaceName.trim() === "") return wrong("interface", "takes the name of an interface, or any")
  if (!isWithin(form.seconds, 1, SECONDS_MAX)) return wrong("seconds", `takes a number from 1 to ${SECONDS_MAX}`)
  if (!isWithin(form.packets, 1, PACKETS_MAX)) return wrong("packets", `takes a number from 1 to ${PACKETS_MAX}`)
  if (!isWithin(form.snapLength, SNAP_LENGTH_MIN, SNAP_LENGTH_MAX))
    return wrong("snap-length", `takes a number from ${SNAP_LENGTH_MIN} to ${SNAP_LENGTH_MAX}`)
  const main = mainFilter(form, peer)
  if (!main.ok) return main
  const clause = form.mode === "custom" ? form.clause.trim() : ""
  if (clause.length > CLAUSE_MAX) return wrong("clause", `takes at most ${CLAUSE_MAX} characters`)
  if (/[\0\r\n]/.test(clause)) return wrong("clause", "takes one line")
  // A clause that is whole by itself cannot end the bracket it is put into (checked by tcpdump -d and here).
  if (!isBalanced(clause)) return wrong("clause", "has brackets that do not match")
  const own = clause === "" ? main.filter : `${main.filter} and (${clause})`
  return { ok: true, filter: `(${own}) or ${fragments(form, peer)}${witnesses(form, peer)}` }
}

/** Beyond these a filter is no longer read by anybody. */
const ALIASES_MAX = 4

/** The names that matter for what is asked: of the same family, and of this port where there is one. */
export function aliasesOf({
  peer,
  port,
  aliases = [],
}: Pick<TraceForm, "peer" | "port" | "aliases">): readonly Alias[] {
  const address = canonicalPeer(peer) ?? peer
  const isSameFamily = ({ address: other }: Alias) => other.includes(":") === address.includes(":")
  const meant = aliases.filter(
    (alias) => isSameFamily(alias) && (port === undefined ? alias.address !== address : alias.port === port),
  )
  return meant.slice(0, ALIASES_MAX)
}

/** `host PEER and port PORT`, and the same of every other name. */
function endsFilter(form: TraceForm, address: string): string {
  const { port } = form
  const end = (host: string, at: number | undefined) => `host ${host}${at === undefined ? "" : ` and port ${at}`}`
  const names = aliasesOf(form).map((alias) => end(alias.address, port === undefined ? undefined : alias.aliasPort))
  const all = [...new Set([end(address, port), ...names])]
  return all.length === 1 ? all[0]! : `(${all.map((each) => `(${each})`).join(" or ")})`
}

function withoutPort({ port: _, ...form }: TraceForm): TraceForm {
  return form
}

function mainFilter(form: TraceForm, peer: Uint8Array): FilterReading {
  const { strategy, port, tuple, protocol } = form
  const address = form.peer.trim().replace(/^\[|\]$/g, "")
  const of = protocol === undefined ? "" : `${protocol} and `
  switch (strategy) {
    case "peer-only":
      return { ok: true, filter: `${of}${endsFilter(withoutPort(form), address)}` }
    case "peer-port":
      if (port === undefined) return wrong("port", "is needed for Peer + Port")
      return { ok: true, filter: `${of}${endsFilter(form, address)}` }
    case "syn-rst": {
      // tcp[tcpflags] reads IPv4 only: in IPv6 the flags stand 13 bytes behind a header of 40.
      const flags = peer.length === 4 ? "tcp[tcpflags] & (tcp-syn|tcp-rst) != 0" : "ip6[53] & 6 != 0"
      return { ok: true, filter: `tcp and ${endsFilter(form, address)} and (${flags})` }
    }
    case "five-tuple": {
      if (tuple === undefined) return wrong("strategy", "needs a row that is one connection")
      if (parseAddress(tuple.remote)?.join() !== peer.join())
        return wrong("peer", "is another one than the connection's; choose Peer + Port")
      const { local, localPort, remote, remotePort } = tuple
      const out = `src host ${local} and src port ${localPort} and dst host ${remote} and dst port ${remotePort}`
      const back = `src host ${remote} and src port ${remotePort} and dst host ${local} and dst port ${localPort}`
      return { ok: true, filter: `${protocol ?? "tcp"} and ((${out}) or (${back}))` }
    }
  }
}

const hex = (bytes: Uint8Array, at: number) =>
  `0x${Array.from(bytes.subarray(at, at + 4), (byte) => byte.toString(16).padStart(2, "0")).join("")}`

/** Behind the first, fragments of IPv4 have no ports, and a filter for a port would leave the peer's out. */
function fragments({ port, strategy, peer: text }: TraceForm, peer: Uint8Array): string {
  if (port === undefined || strategy !== "peer-port" || peer.length !== 4) return ""
  return `(host ${text.trim()} and ip[6:2] & 0x1fff != 0) or `
}

/** ICMP errors about the peer's packets, whoever sends them, and who asks for the way's hardware address. */
function witnesses(form: TraceForm, peer: Uint8Array): string {
  const next = parseAddress(form.gateway ?? "")
  const neighbour = next !== undefined && next.length === peer.length ? next : peer
  if (peer.length === 4) {
    // The quoted header begins behind eight bytes of ICMP: its source at 20, its target at 24.
    const quoted = `icmp and (icmp[20:4] = ${hex(peer, 0)} or icmp[24:4] = ${hex(peer, 0)})`
    return `(${quoted}) or (arp and host ${neighbour.join(".")})`
  }
  const words = (at: number, bytes: Uint8Array) =>
    [0, 4, 8, 12].map((offset) => `ip6[${at + offset}:4] = ${hex(bytes, offset)}`).join(" and ")
  // Behind 40 bytes of IPv6 and 8 of ICMPv6 the quoted header: its source at 56, its target at 72.
  const quoted = `icmp6 and ip6[40] < 5 and ((${words(56, peer)}) or (${words(72, peer)}))`
  const asked = `icmp6 and (ip6[40] = 135 or ip6[40] = 136) and ${words(48, neighbour)}`
  return `(${quoted}) or (${asked})`
}

export function isBalanced(clause: string): boolean {
  let depth = 0
  for (const character of clause) {
    if (character === "(") depth++
    if (character === ")") depth--
    if (depth < 0) return false
  }
  return depth === 0
}

/** Bytes of the file at most: every packet as long as it may be. */
export const largestFile = ({ packets, snapLength }: Pick<TraceForm, "packets" | "snapLength">): number =>
  24 + packets * (16 + snapLength)

/** Bytes of the file as it usually comes out: most packets are short. */
export const usualFile = ({ packets, snapLength }: Pick<TraceForm, "packets" | "snapLength">): number =>
  24 + packets * (16 + Math.min(snapLength, 160))

/** Whether every packet of a conversation is taken. */
export const takesWholeConversations = (form: Pick<TraceForm, "strategy" | "mode" | "clause">): boolean =>
  form.strategy !== "syn-rst" && (form.mode !== "custom" || form.clause.trim() === "")

/** `203.0.113.7`, `203.0.113.7:443`, `2001:db8::1`, `[2001:db8::1]:443`; `undefined` when it is none of them. */
export function parsePeerPort(text: string): { peer: Uint8Array; port?: number } | undefined {
  const whole = parseAddress(text)
  if (whole !== undefined) return { peer: whole }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text.trim()) ?? []
  const peer = parseAddress(bracketed ?? plain ?? "")
  const port = Number(digits)
  return peer === undefined || !isWithin(port, 1, 65_535) ? undefined : { peer, port }
}

/** As `parsePeerPort` takes it. */
export const formatPeerPort = (peer: string, port?: number): string =>
  port === undefined || port === 0 ? peer : peer.includes(":") ? `[${peer}]:${port}` : `${peer}:${port}`
