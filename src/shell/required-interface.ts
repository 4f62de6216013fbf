/** The interface that a command cannot do without. */
import { usageFailure, worldFailure } from "./failure.ts"
import { listInterfaces, resolveInterface } from "./interfaces.ts"

/** As `resolveInterface`; throws a `Failure`: of usage when a name is wrong, of the world when none can be found. */
export async function requireInterface(asked: string | undefined): Promise<string> {
  const found = await resolveInterface(asked)
  if (found.ok) return found.value
  const isNameWrong = asked !== undefined && (await listInterfaces()).ok
  throw isNameWrong ? usageFailure(found.reason) : worldFailure(found.reason)
}
