/** What an operator can put right: one line on stderr and an exit code, never a stack trace. */

/**
/**
 * Exit codes of every command. 3 has a meaning of its own in four of them: `partly` is a kill that something survived,
 * `stopped` the answer of `daemon status` (LSB: 3 is "program is not running"), `nobody` that of `pods`, `unknown` that of
 * `diagnose`, which answers 0 to 3 as monitoring systems expect it (see `plain/diagnose.ts`).
 */
export const exitCodes = { ok: 0, world: 1, usage: 2, partly: 3, stopped: 3, nobody: 3, unknown: 3, bug: 70 } as const

/** The message is one line: what was being done, to what, what came back, what to do. */
export class Failure extends Error {
  override readonly name = "Failure"
  constructor(
    message: string,
    readonly exitCode: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The command line asks for something that does not exist. */
export const usageFailure = (message: string): Failure => new Failure(message, exitCodes.usage)
/** The host said no. */
export const worldFailure = (message: string): Failure => new Failure(message, exitCodes.world)
