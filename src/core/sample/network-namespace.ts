/**
 * Network namespaces: what one is called, and which are looked at.
 *
 * The kernel knows a namespace by the inode of its file in nsfs. Names are given from outside (`ip netns add`, container
 * engines) and may be any bytes a file name may be: not to be trusted on a screen.
 */

export interface NetworkNamespace {
  /** The inode: `net:[4026531840]`. */
  readonly id: number
  readonly name: string
  /** A file that leads in; absent for the one we were started in, where we are. */
  readonly path?: string
}

/** What was found of one namespace: files that lead to it, and where they were found. */
export interface NamespaceSighting {
  readonly id: number
  /** The name that `ip netns` bound it to. */
  readonly boundName?: string
  /** A process in it. */
  readonly pid?: number
  /** The bind mount, or `/proc/PID/ns/net`. */
  readonly path: string
}

/** `net:[4026531840]`, the text of a /proc/PID/ns/net link; `undefined` when it is none. */
export function parseNamespaceLink(text: string): number | undefined {
  const digits = /^net:\[(\d{1,10})\]$/.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The name under which `ip netns` knows it, else the container or pod of a process in it, else `net:[INODE]`. */
export function nameNamespace(sighting: NamespaceSighting, unitOf: (pid: number) => string | undefined): string {
  const { id, boundName, pid } = sighting
  return boundName ?? (pid === undefined ? undefined : unitOf(pid)) ?? `net:[${id}]`
}

/** `--netns`: every namespace that may be entered, the one we were started in, or one by name. */
export type NamespaceSelection = "all" | "host" | { readonly name: string }

export const parseNamespaceSelection = (text: string): NamespaceSelection =>
  text === "all" || text === "host" ? text : { name: text }

/**
 * The namespaces to look at, each at its own index; the first is the one we were started in. A name is a name as listed,
 * else `net:[INODE]` or the bare inode. Every place is `undefined` when there is none of that name.
 */
export function selectNamespaces<N extends NetworkNamespace>(
  namespaces: readonly (N | undefined)[],
  selection: NamespaceSelection,
): readonly (N | undefined)[] {
  if (selection === "all") return namespaces
  if (selection === "host") return namespaces.map((namespace, index) => (index === 0 ? namespace : undefined))
  const { name } = selection
  const isNamed = namespaces.some((namespace) => namespace?.name === name)
  const isMeant = (namespace: N) =>
    isNamed ? namespace.name === name : name === `net:[${namespace.id}]` || name === String(namespace.id)
  return namespaces.map((namespace) => (namespace !== undefined && isMeant(namespace) ? namespace : undefined))
}
