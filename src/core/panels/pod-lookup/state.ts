/** The pod lookup: which port is asked about, and who was found. */
import type { About } from "../../app/panel.ts"
import type { PortLookup } from "../../pods/port-users.ts"
import { type Field, field } from "../../text/field.ts"

export interface PodLookup {
  /** `form`: a port is typed. `looking`: the answer is on its way. `found`: it is read. */
  readonly step: "form" | "looking" | "found"
  readonly port: Field
  /** What is wrong with the port. */
  readonly problem?: string
  /** Which port is looked for. */
  readonly asked?: number
  readonly found?: PortLookup
  /** First line of the window over what was found. */
  readonly top: number
}

export const initial: PodLookup = { step: "form", port: field(), top: 0 }

/** With the port of the selected row: the one on this host of what came in, the peer's of what went out. */
export function filledWith({ subject }: About): PodLookup {
  const [busiest] = subject.ports
  return busiest === undefined ? initial : { ...initial, port: field(String(busiest.port)) }
}
