/** `holyf-network --list-interfaces`. */
import { harmless } from "../../core/text/width.ts"
import { worldFailure } from "../failure.ts"
import { listInterfaces } from "../interfaces.ts"
import { print } from "./output.ts"

/** Throws a `Failure` when they cannot be listed. */
export async function printInterfaces(): Promise<void> {
  const names = await listInterfaces()
  if (!names.ok) throw worldFailure(names.reason)
  await print(["Available network interfaces:\n", ...names.value.map((name) => `  - ${harmless(name)}\n`)])
}
