/**
 * Tests that need more than a plain user has: root, a tool, a network namespace of their own.
 *
 * Where something is missing the test is skipped, and its name ends with the reason; `tests/run.ts` counts the reasons.
 * With HOLYF_TEST_STRICT=1, as CI runs them, a missing thing is a failure instead.
 */

import { test } from "bun:test"
import { readlinkSync } from "node:fs"
import { KERNEL_LACKS } from "./tally.ts"

export interface Requirements {
  readonly root?: true
  /** Programs that must be on the PATH, or in the folders of root's PATH. */
  readonly tools?: readonly string[]
  /** A network namespace that may be changed at will. `npm run check:kernel` makes one. */
  readonly namespace?: true
  /** Something of this host's kernel that nothing can install: asked only here, and skipped in CI too. */
  readonly kernel?: { readonly has: boolean; readonly what: string }
}

/** Where the network namespace of whoever started the run is told to the tests; see `tests/run.ts`. */
export const OUTER_NAMESPACE = "HOLYF_TEST_OUTER_NAMESPACE"

/** What identifies the network namespace we are in, such as `net:[4026531840]`. */
export const networkNamespace = (): string => readlinkSync("/proc/self/ns/net")

/** The facts that decide, so that the decision can be tested. */
export interface Facts {
  readonly isRoot: boolean
  readonly hasTool: (name: string) => boolean
  readonly isInNamespace: boolean
  /** False for root in a container, who has no right to. Asked only where `unshare` is there. */
  readonly canUnshare: () => boolean
}

/** What is missing, in the order an operator would put it right; empty when nothing is. */
export function missingFor(requirements: Requirements, facts: Facts): string[] {
  return [
    ...(requirements.root && !facts.isRoot ? ["root"] : []),
    ...(requirements.tools ?? []).filter((name) => !facts.hasTool(name)),
    ...(requirements.root && requirements.tools?.includes("unshare") && facts.isRoot && !mayUnshare(facts)
      ? ["the right to make namespaces"]
      : []),
    ...(requirements.namespace && !facts.isInNamespace ? ["a network namespace of its own"] : []),
  ]
}

/** Without the tool, that is what is missing. */
const mayUnshare = ({ hasTool, canUnshare }: Facts) => !hasTool("unshare") || canUnshare()

let unshares: boolean | undefined

/** Whether this user may make the namespaces that the tests run in. */
export function canUnshare(): boolean {
  unshares ??=
    process.getuid?.() === 0 &&
    Bun.which("unshare") !== null &&
    Bun.spawnSync(["unshare", "--net", "--mount", "true"], { stderr: "ignore" }).exitCode === 0
  return unshares
}

const here: Facts = {
  isRoot: process.getuid?.() === 0,
  hasTool: (name) => Bun.which(name, { PATH: `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin` }) !== null,
  isInNamespace: process.env[OUTER_NAMESPACE] !== undefined && process.env[OUTER_NAMESPACE] !== networkNamespace(),
  canUnshare,
}

/** Whether tests with these requirements run here: what they set up together must not be tried where they do not. */
export const areMet = (requirements: Requirements): boolean => missingFor(requirements, here).length === 0

export type NeedyTest = (name: string, body: () => unknown, timeoutMs?: number) => void

/**
 * `test` for what has these requirements: `requires({ root: true, tools: ["ip"] })("adds a link", () => …)`.
 */
export function requires(requirements: Requirements): NeedyTest {
  const missing = missingFor(requirements, here)
  const { kernel } = requirements
  if (missing.length > 0) {
    const reason = `needs ${missing.join(" and ")}`
    if (process.env.HOLYF_TEST_STRICT === "1")
      return (name) =>
        test(name, () => {
          throw new Error(`${reason}, and HOLYF_TEST_STRICT=1 allows no test to be skipped for that`)
        })
    return (name) => test.skip(skippedName(name, reason), () => {})
  }
  if (kernel !== undefined && !kernel.has)
    return (name) => test.skip(skippedName(name, `${KERNEL_LACKS}${kernel.what}`), () => {})
  return (name, body, timeoutMs) => test(name, async () => void (await body()), timeoutMs)
}

const skippedName = (name: string, reason: string) => `${name} [skipped: ${reason}]`
