/** The block form: what is typed, which field takes the keys, and what is asked before anything is done. */
import type { About } from "../../app/panel.ts"
import type { Overrides, Refusal } from "../../mitigation/guards.ts"
import {
  MINUTES_DEFAULT,
  type Parsed,
  parseMinutes,
  parsePort,
  parseTarget,
  type Target,
} from "../../mitigation/target.ts"
import type { NamespaceName, PortCount, Subject } from "../../model/subject.ts"
import { type Field, field } from "../../text/field.ts"

export type FieldName = "peer" | "port" | "minutes" | "anyway"

export interface BlockPeer {
  readonly fields: Readonly<Record<FieldName, Field>>
  readonly focus: FieldName
  readonly problems: Readonly<Partial<Record<FieldName, string>>>
  /** What the form opened with: as long as the peer is still this, a masked screen hides it. */
  readonly prefilledPeer: string
  /** The ports of a group that has several. */
  readonly ports: readonly PortCount[]
  readonly namespace?: NamespaceName
  /** Connections of the group in other namespaces. */
  readonly elsewhereCount: number
  /** What was selected is a flow without an end on this host. */
  readonly isPassedOn: boolean
  /**
   * `form`: fields are filled. `guard`: the target was refused, and only what is typed behind "anyway" overrides that.
   * `confirm`: it is a network, and one key says that this is meant.
   */
  readonly step: "form" | "guard" | "confirm"
  readonly refusals: readonly Refusal[]
  readonly overrides: Overrides
  /** Enter was pressed before it was known what must not be cut off. */
  readonly isWaiting: boolean
}

const NO_OVERRIDES: Overrides = { force: false, forceSshPeer: false }

export const initial: BlockPeer = {
  fields: { peer: field(), port: field(), minutes: field(String(MINUTES_DEFAULT)), anyway: field() },
  focus: "peer",
  problems: {},
  prefilledPeer: "",
  ports: [],
  elsewhereCount: 0,
  isPassedOn: false,
  step: "form",
  refusals: [],
  overrides: NO_OVERRIDES,
  isWaiting: false,
}

/** Filled with exactly what was selected; of a group with several ports, the busiest one. */
export function filledWith({ subject, isKillOnly }: About): BlockPeer {
  const [busiest] = subject.ports
  return {
    ...initial,
    fields: {
      ...initial.fields,
      peer: field(subject.peerAddress),
      port: field(busiest === undefined ? "" : String(busiest.port)),
      minutes: field(isKillOnly === true ? "0" : String(MINUTES_DEFAULT)),
    },
    focus: "minutes",
    prefilledPeer: subject.peerAddress,
    ports: severalPorts(subject),
    elsewhereCount: subject.elsewhereCount ?? 0,
    isPassedOn: subject.isPassedOn === true,
    ...(subject.namespace === undefined ? {} : { namespace: subject.namespace }),
  }
}

const severalPorts = ({ ports }: Subject) => (ports.length > 1 ? ports : [])

/** Back to the fields: what was overridden or confirmed was about what stood there then. */
export const backToForm = (slice: BlockPeer): BlockPeer => ({
  ...slice,
  fields: { ...slice.fields, anyway: initial.fields.anyway },
  focus: slice.focus === "anyway" ? "peer" : slice.focus,
  step: "form",
  refusals: [],
  overrides: NO_OVERRIDES,
  isWaiting: false,
  problems: {},
})

/** Whom the fields name; undefined while that makes no sense. */
export function targetOf({ fields }: BlockPeer): Target | undefined {
  const target = parsedTarget(fields)
  return target.ok ? target.value : undefined
}

function parsedTarget(fields: BlockPeer["fields"]): Parsed<Target> {
  const portText = fields.port.text.trim()
  const port = portText === "" ? undefined : parsePort(portText)
  if (port?.ok === false) return port
  return parseTarget(fields.peer.text, port?.value)
}

/** Minutes; undefined while they make no sense. */
export function minutesOf({ fields }: BlockPeer): number | undefined {
  const minutes = parseMinutes(fields.minutes.text)
  return minutes.ok ? minutes.value : undefined
}

/** What is wrong, field by field. */
export function problemsOf({ fields }: BlockPeer): BlockPeer["problems"] {
  const portText = fields.port.text.trim()
  const port = portText === "" ? undefined : parsePort(portText)
  // The port has a field, and words, of its own.
  const peer = parseTarget(fields.peer.text, port?.ok === true ? port.value : undefined)
  const minutes = parseMinutes(fields.minutes.text)
  return {
    ...(peer.ok ? {} : { peer: peer.reason }),
    ...(port === undefined || port.ok ? {} : { port: port.reason }),
    ...(minutes.ok ? {} : { minutes: minutes.reason }),
  }
}
