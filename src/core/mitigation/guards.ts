/**
 * What must not be cut off by a slip of the finger: the operator's own session, this host itself, its way out and its
 * resolvers.
 *
 * The facts are gathered by the shell, in the namespace where the block is placed; the verdict is made here.
 */
import { addressOf, holdsAddress, peerText, type Target } from "./target.ts"

export interface Lifelines {
  /** Who logged in to where we run, as far as that can be told. */
  readonly sessions: readonly Session[]
  /** Addresses of this host. */
  readonly own: readonly string[]
  /** Next hops of the default routes. */
  readonly gateways: readonly string[]
  /** Name servers in use. */
  readonly resolvers: readonly string[]
  /** What could not be found out, in sentences. */
  readonly notes: readonly string[]
}

export interface Session {
  readonly peer: string
  /** How we know: `SSH_CONNECTION`, or the process that holds the connection. */
  readonly source: string
}

export type GuardKind = "session" | "loopback" | "own" | "gateway" | "resolver"

/** Why a target is refused, and what overrides it. */
export interface Refusal {
  readonly kind: GuardKind
  readonly reason: string
  readonly override: "force" | "force-ssh-peer"
}

/** Every reason against the target, the gravest first. */
export function guardTarget(target: Target, lifelines: Lifelines): readonly Refusal[] {
  const held = (addresses: readonly string[]) => addresses.filter((address) => holdsAddress(target, address))
  const session = lifelines.sessions.find(({ peer }) => holdsAddress(target, peer))
  const [own] = held(lifelines.own)
  const [gateway] = held(lifelines.gateways)
  const [resolver] = held(lifelines.resolvers)
  const text = peerText(target)
  const is = (address: string) => (address === text ? "is" : `holds ${address},`)
  const refuse = (kind: GuardKind, reason: string): Refusal => ({
    kind,
    reason: `${text} ${reason}`,
    override: kind === "session" ? "force-ssh-peer" : "force",
  })
  return [
    ...(session === undefined
      ? []
      : [refuse("session", `${is(session.peer)} where your own session comes from (${session.source})`)]),
    ...(isLoopback(target) ? [refuse("loopback", "is this host itself (loopback)")] : []),
    ...(own === undefined || isLoopback(target) ? [] : [refuse("own", `${is(own)} an address of this host`)]),
    ...(gateway === undefined ? [] : [refuse("gateway", `${is(gateway)} the default gateway`)]),
    ...(resolver === undefined || isLoopback(target)
      ? []
      : [refuse("resolver", `${is(resolver)} a resolver that this host uses`)]),
  ]
}

function isLoopback(target: Target): boolean {
  if (target.family === 4) return addressOf(target)[0] === 127
  return target.address === "::1"
}

export interface Overrides {
  readonly force: boolean
  readonly forceSshPeer: boolean
}

/** The refusals that stand although the operator insisted: `force` overrides all but the operator's own session. */
export const standing = (refusals: readonly Refusal[], { force, forceSshPeer }: Overrides): readonly Refusal[] =>
  refusals.filter(({ override }) => (override === "force-ssh-peer" ? !forceSshPeer : !(force || forceSshPeer)))

/** One sentence for the command line: why, and what overrides it. */
export function refusalText(refusals: readonly Refusal[]): string {
  const flag = refusals.some(({ override }) => override === "force-ssh-peer") ? "--force-ssh-peer" : "--force"
  return `refused: ${refusals.map(({ reason }) => reason).join("; ")}. ${flag} overrides this`
}

/**
 * Whether the words typed into a form override what was refused: the target's address for all but the operator's own
 * session, which needs `cut my session` behind it.
 */
export function typedOverride(target: Target, typed: string): Overrides {
  const words = typed.trim().toLowerCase()
  const address = peerText(target)
  return { force: words === address, forceSshPeer: words === `${address} ${SESSION_PHRASE}` }
}

export const SESSION_PHRASE = "cut my session"

/** What has to be typed to override these refusals. */
export const peerPhrase = (target: Target, refusals: readonly Refusal[]): string =>
  refusals.some(({ override }) => override === "force-ssh-peer")
    ? `${peerText(target)} ${SESSION_PHRASE}`
    : peerText(target)
