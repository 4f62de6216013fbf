/** `holyf-network config check`: is the thresholds file as it should be, and which one is in force? */
import { harmless } from "../../core/text/width.ts"
import type { ConfigRequest } from "../cli.ts"
import { HOST_FILE, loadThresholds } from "../threshold-file.ts"
import { complain, print } from "./output.ts"

/** Throws a `Failure` that names the key and line of what is wrong. */
export async function checkConfig(asked: ConfigRequest): Promise<void> {
  const { source, note, thresholds } = loadThresholds(
    asked.healthConfig === undefined ? {} : { named: asked.healthConfig },
  )
  if (note !== undefined) await complain(`note: ${note.text}`)
  const changed = Object.keys(thresholds.rules)
  const about =
    source === "built-in"
      ? `there is no ${HOST_FILE}: the built-in thresholds are in force`
      : `${harmless(source)} is as it should be`
  const rules =
    changed.length === 0 ? "" : `; it changes ${changed.length === 1 ? "the rule" : "the rules"} ${changed.join(", ")}`
  await print([`${about}${rules}\n`])
}
