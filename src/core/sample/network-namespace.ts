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
 * The namespaces to look at. The first is the one we were started in. A name is a name as listed, `net:[INODE]`, or
 * the bare inode; empty when there is none of that name.
 */
export function selectNamespaces<N extends NetworkNamespace>(
  namespaces: readonly N[],
  selection: NamespaceSelection,
): readonly N[] {
  if (selection === "all") return namespaces
  if (selection === "host") return namespaces.slice(0, 1)
  const { name } = selection
  const named = namespaces.filter((namespace) => namespace.name === name)
  if (named.length > 0) return named
  return namespaces.filter(({ id }) => name === `net:[${id}]` || name === String(id))
}
