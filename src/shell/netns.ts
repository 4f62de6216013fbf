/** Which network namespaces a command is about. */
import { type NamespaceSelection, parseNamespaceSelection, selectNamespaces } from "../core/sample/network-namespace.ts"
import { cut, harmless } from "../core/text/width.ts"
import { usageFailure, worldFailure } from "./failure.ts"
import { enableAccounting } from "./kernel/conntrack.ts"
import { KernelError } from "./kernel/netlink.ts"
import { UnitNames } from "./look/units.ts"
import { NamespaceList } from "./namespaces.ts"

/** As many names as fit a line are offered. */
const OFFERED_MAX = 8

/** The value of --netns, all when it is not given. Throws a `Failure` when no namespace of that name is there. */
export function requireNamespaces(text = "all"): NamespaceSelection {
  const selection = parseNamespaceSelection(text)
  if (typeof selection === "string") return selection
  const units = new UnitNames()
  const all = new NamespaceList({ unitOf: (pid) => units.containerOf(pid) }).look()
  if (selectNamespaces(all, selection).some((namespace) => namespace !== undefined)) return selection
  const names = all.flatMap((namespace) => namespace?.name ?? [])
  const offered = names.slice(0, OFFERED_MAX).map((name) => cut(harmless(name), 40))
  const more = names.length > OFFERED_MAX ? ` and ${names.length - OFFERED_MAX} more` : ""
  throw usageFailure(
    `no network namespace is called "${cut(harmless(text), 40)}"; there are all, ${offered.join(", ")}${more}`,
  )
}

/** --enable-acct: only ever because the operator asked. Throws a `Failure` when the host says no. */
export function switchOnAccounting(isAsked: boolean): void {
  if (!isAsked) return
  try {
    enableAccounting()
  } catch (error) {
    throw error instanceof KernelError ? worldFailure(error.message) : error
  }
}
