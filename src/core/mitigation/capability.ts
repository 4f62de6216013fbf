/** What this host lets us do, by which means, and the label that says so. */

export const subsystems = ["socket", "conntrack", "firewall"] as const
export type Subsystem = (typeof subsystems)[number]

/** The program that stands in for the kernel's own interface. */
export const programs: Readonly<Record<Subsystem, string>> = {
  socket: "ss",
  conntrack: "conntrack",
  firewall: "iptables",
}

export type Capability =
  | { readonly backend: "kernel" }
  /** The weaker way, and why. */
  | { readonly backend: "exec"; readonly reason: string }
  /** What is missing and how to get it. */
  | { readonly backend: "none"; readonly reason: string }

export type Capabilities = Readonly<Record<Subsystem, Capability>>

/** What a probe found out about one subsystem. */
export interface Probe {
  /** Undefined: the kernel can. Else why not. */
  readonly kernelProblem?: string
  readonly hasProgram: boolean
  readonly isForced: boolean
}

export function chooseBackend(subsystem: Subsystem, { kernelProblem, hasProgram, isForced }: Probe): Capability {
  if (isForced && hasProgram) return { backend: "exec", reason: "HOLYF_FORCE_EXEC asks for it" }
  const program = programs[subsystem]
  if (isForced) return { backend: "none", reason: `HOLYF_FORCE_EXEC asks for ${program}, which is not installed` }
  if (kernelProblem === undefined) return { backend: "kernel" }
  if (hasProgram) return { backend: "exec", reason: kernelProblem }
  return { backend: "none", reason: `${kernelProblem}; without it install ${program}` }
}

export interface CapabilityLabel {
  /** `API:kernel`, `API:exec(ss,iptables)`, `API:none(firewall)`. */
  readonly text: string
  readonly tone: "ok" | "warn" | "crit"
}

/** Names only what is not native. */
export function capabilityLabel(capabilities: Capabilities): CapabilityLabel {
  const having = (backend: Capability["backend"]) =>
    subsystems.filter((subsystem) => capabilities[subsystem].backend === backend)
  const exec = having("exec").map((subsystem) => programs[subsystem])
  const none = having("none")
  const parts = [
    ...(exec.length === 0 ? [] : [`exec(${exec.join(",")})`]),
    ...(none.length === 0 ? [] : [`none(${none.join(",")})`]),
  ]
  if (parts.length === 0) return { text: "API:kernel", tone: "ok" }
  return { text: `API:${parts.join(" ")}`, tone: none.length > 0 ? "crit" : "warn" }
}

/** The words of HOLYF_FORCE_EXEC; words that name nothing are passed over. */
export const parseForced = (text: string | undefined): ReadonlySet<Subsystem> => {
  const words = (text ?? "").split(",").map((word) => word.trim())
  return new Set(subsystems.filter((subsystem) => words.includes(subsystem)))
}
