/** What a scenario says: hosts, traffic, fault, how we know that the fault is really there, and what must be named. */
import type { HostSettingName } from "./host-settings.ts"
import type { Lab } from "./lab.ts"
import type { Expected } from "./verdict.ts"

/** Hosts that share a subnet. Two are joined by a veth pair, more by a switch; `hasSwitch` puts one between two. */
export interface NetworkSpec {
  readonly hosts: readonly string[]
  readonly hasSwitch?: boolean
  /**
   * One segment a packet, as on a wire. Without it the devices hand over packets of up to 64 KB, and to drop one is to
   * drop forty.
   */
  readonly isCut?: boolean
}

export interface Topology {
  readonly networks: readonly NetworkSpec[]
  /** This host forwards, and the others reach what they are not joined to through it. */
  readonly router?: string
}

/** How we know that the fault is there, read from the kernel and not from the program under test. */
export interface Proof {
  readonly what: string
  read(lab: Lab): number | Promise<number>
  /** How much the reading must rise from before the fault; it must rise further while the program looks. */
  readonly rises?: number
  /** What the reading must reach; it must still be there when the program has looked. */
  readonly reaches?: number
}

export interface Scenario {
  /** One sentence: what is made here. */
  readonly about: string
  /** In a healthy scenario nothing is wrong and nothing may be raised. */
  readonly kind: "incident" | "healthy"
  readonly topology: Topology
  /** Services, and traffic that is as it should be. */
  arrange?(lab: Lab): unknown
  /** Makes the fault. */
  fault?(lab: Lab): unknown
  readonly proofs: readonly Proof[]
  /** How long the fault may take to show in the proofs. */
  readonly proofSeconds?: number
  /** What must be named, with whom. */
  expects?(lab: Lab): readonly Expected[]
  /** True as well here, so no false alarm; each with a comment that says why. Everything else is one. */
  readonly tolerates?: readonly string[]
  /** What this could be mistaken for: never to be raised, whatever `tolerates` says. */
  readonly mustNot?: readonly string[]
  /** How the program is asked; see `observer.ts`. The usual way is a look with `--sample 3` from the host `observed`. */
  readonly observer?: {
    /** For kinds that compare with what was before: it watches from before the fault. */
    readonly watch?: { readonly calmSeconds: number; readonly seconds: number }
    /** As a user without any privilege. */
    readonly isUnprivileged?: boolean
    /**
     * From the network namespace of the machine, where alone its levels of memory and orphans can be read. What it says of
     * the machine's own connections is no business of the scenario.
     */
    readonly place?: "machine"
    /** In every network namespace that can be entered, and not only in the host's own. */
    readonly scope?: "host" | "all"
  }
  /** Settings of the whole machine that it changes. Such scenarios run one at a time, with nothing beside them. */
  readonly hostSettings?: readonly HostSettingName[]
  /** How much of the machine it takes; the others take one share. */
  readonly shares?: number
}

export const defineScenario = (scenario: Scenario): Scenario => scenario

/** The most common shape: the host that is observed, and one other. */
export const pair: Topology = { networks: [{ hosts: ["observed", "peer"] }] }

/** The same, one segment a packet. */
export const cutPair: Topology = { networks: [{ hosts: ["observed", "peer"], isCut: true }] }

/** The host that is observed, a router, and a host behind it. */
export const behindRouter: Topology = {
  networks: [
    { hosts: ["observed", "router"], isCut: true },
    { hosts: ["router", "peer"], isCut: true },
  ],
  router: "router",
}
