/** Who uses a port, in words: what the panel and the plain command both say. */
import { containerName } from "../proc/cgroup.ts"
import { endpoint } from "../text/endpoint.ts"
import type { Tone } from "../text/line.ts"
import { count } from "../text/units.ts"
import { harmless } from "../text/width.ts"
import type { PodNameSource, PortLookup, PortMatch, PortUser } from "./port-users.ts"
import { type Workload, workloadText } from "./workload.ts"

/** One thing that is known. */
export interface Entry {
  readonly label: string
  readonly value: string
  readonly tone?: Tone
}

export interface UserText {
  /** Who, and in which way: `nginx (4121) listens on tcp 0.0.0.0:8080`. */
  readonly title: string
  readonly tone: Tone
  readonly entries: readonly Entry[]
}

const many = (n: number, noun: string, nouns = `${noun}s`) => `${count(n)} ${n === 1 ? noun : nouns}`

/** One sentence: how many listen on the port, how many use it, where it was looked. */
export function summaryText({ port, users, namespaceCount, isComplete }: PortLookup): string {
  const where = `in ${many(namespaceCount, "network namespace")}`
  if (users.length === 0)
    return isComplete
      ? `nobody listens on port ${port} or uses it, ${where}`
      : `nobody that may be seen uses port ${port}, ${where}`
  const of = (match: PortMatch) => users.filter((user) => user.match === match).length
  const parts = [
    of("listens") === 0 ? "nobody listens" : `${count(of("listens"))} ${of("listens") === 1 ? "listens" : "listen"}`,
    ...(of("published") === 0
      ? []
      : [`${count(of("published"))} ${of("published") === 1 ? "gets" : "get"} it by translation`]),
    ...(of("local") === 0 ? [] : [`${count(of("local"))} ${of("local") === 1 ? "has" : "have"} it at this end`]),
    ...(of("remote") === 0 ? [] : [`${count(of("remote"))} ${of("remote") === 1 ? "connects" : "connect"} to it`]),
  ]
  return `port ${port}: ${parts.join(", ")}; looked ${where}`
}

const tones: Readonly<Record<PortMatch, Tone>> = {
  listens: "strong",
  published: "strong",
  local: "plain",
  remote: "plain",
}

export function userText(user: PortUser): UserText {
  const { match } = user
  return { title: `${whoText(user)} ${doesText(user)}`, tone: tones[match], entries: entriesOf(user) }
}

const does: Readonly<Record<PortMatch, string>> = {
  listens: "listens on",
  published: "gets it by translation to",
  local: "has the port at this end, with",
  remote: "connects to",
}

function doesText(user: PortUser): string {
  const { match, protocol, published, isUnheld } = user
  const ends = published === undefined ? endsText(user) : endpoint(published.address, published.port)
  // What is over does nothing any more.
  return isUnheld === true
    ? `holds ended connections ${match === "remote" ? "to" : "with"} ${protocol} ${ends}`
    : `${does[match]} ${protocol} ${ends}`
}

function whoText({ process: owner, isUnheld }: PortUser): string {
  if (owner !== undefined) return `${harmless(owner.name)} (${owner.pid})${owner.isSure ? "" : "?"}`
  return isUnheld === true ? "the kernel" : "an unknown process"
}

function endsText({ ends, endCount }: PortUser): string {
  const more = endCount > ends.length ? ` and ${count(endCount - ends.length)} more` : ""
  return `${ends.join(", ")}${more}`
}

const sources: Readonly<Record<PodNameSource, string>> = {
  kubelet: "",
  crictl: "",
  hostname: ", unsure: by its host name",
}

function entriesOf(user: PortUser): readonly Entry[] {
  const { process, cgroup, pod, workload, containerName: name, netns, connectionCount, states } = user
  const container = cgroup?.container
  const inferred = user.isCgroupInferred === true ? ", unsure: of a process beside it in its network namespace" : ""
  const entry = (label: string, value: string | undefined): readonly Entry[] =>
    value === undefined || value === "" ? [] : [{ label, value: harmless(value) }]
  const sharers = (process?.sharerCount ?? 1) - 1
  return [
    ...(sharers > 0 ? entry("shared", `with ${many(sharers, "other process", "other processes")}`) : []),
    ...(process?.isSure === false ? entry("process", "unsure: inferred from the listener") : []),
    ...entry("container", containerText(container, name, inferred)),
    ...entry("pod", podText(user, inferred)),
    ...entry("workload", workload === undefined ? undefined : `${workloadText(workload)}${doubt(workload)}`),
    ...(container === undefined && cgroup?.unit !== undefined ? entry("unit", `${cgroup.unit}${inferred}`) : []),
    ...(pod === undefined && container?.podUid !== undefined ? entry("pod", `uid ${container.podUid}`) : []),
    ...entry("connections", connectionCount === 0 ? undefined : connectionsText(connectionCount, states)),
    ...entry(
      "netns",
      netns.name === ""
        ? "none that may be seen has that address"
        : netns.name === "host"
          ? "host"
          : `${netns.name}${netns.name.startsWith("net:") ? "" : ` (net:[${netns.id}])`}`,
    ),
  ]
}

const doubt = ({ isSure, from }: Workload) =>
  isSure ? "" : `, unsure: by ${from === "name" ? "the pod's name" : "its labels"}`

function containerText(
  container: NonNullable<PortUser["cgroup"]>["container"],
  name: string | undefined,
  inferred: string,
): string | undefined {
  if (container?.id === undefined) return undefined
  const { engine, id } = container
  return `${name === undefined ? "" : `${name}, `}${containerName({ engine, id })}${inferred}`
}

/** The UID only where there is no name. */
function podText({ pod }: PortUser, inferred: string): string | undefined {
  if (pod === undefined) return undefined
  const { name, namespace, uid, source } = pod
  if (name === undefined) return `uid ${uid}${inferred}`
  const full = namespace === undefined ? name : `${name} in namespace ${namespace}`
  return `${full}${source === undefined ? "" : sources[source]}${inferred}`
}

const STATES_SHOWN = 4

function connectionsText(total: number, states: PortUser["states"]): string {
  if (states.length === 0) return `${count(total)} that are translated`
  const shown = states.slice(0, STATES_SHOWN).map(([state, n]) => `${count(n)} ${state}`)
  return `${count(total)}: ${shown.join(", ")}${states.length > STATES_SHOWN ? " …" : ""}`
}
