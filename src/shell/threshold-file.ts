/**
 * Where the thresholds come from: the file that was named, else the host's, else the built-in values. Never the
 * working directory, which may belong to anybody.
 */
import builtIn from "../../config/health_thresholds.toml" with { type: "text" }
import { defaultThresholds, parseThresholds, type Thresholds, ThresholdsError } from "../core/config/thresholds.ts"
import { builtInLimits } from "../core/diagnosis/rule.ts"
import { rules } from "../core/diagnosis/rules/index.ts"
import type { Note } from "../core/sample/sample.ts"
import { exitCodes, Failure } from "./failure.ts"
import { errorCode, readProblem, readText } from "./text-file.ts"

export const HOST_FILE = "/etc/holyf-network/health_thresholds.toml"
const FILE_BYTES_MAX = 65_536

/** A thresholds file that cannot be used: a usage error, whose message is one line for the operator. */
export class ThresholdFileError extends Failure {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.usage, options)
  }
}

export interface LoadedThresholds {
  readonly thresholds: Thresholds
  /** The file they came from, or `built-in`. */
  readonly source: string
  /** The host's file is there but not for us to read; the built-in values are in force. */
  readonly note?: Note
}

/**
 * `named` is the file of --health-config, which must exist. The host's file may be missing; one that is wrong is an
 * error, since its values were meant to be in force. Throws `ThresholdFileError`.
 */
export function loadThresholds({
  named,
  hostFile = HOST_FILE,
}: {
  readonly named?: string
  readonly hostFile?: string
} = {}): LoadedThresholds {
  if (named !== undefined) return { thresholds: parseFile(named, readFile(named)), source: named }
  let text: string
  try {
    text = readFile(hostFile)
  } catch (error) {
    const code = errorCode(error instanceof Error ? error.cause : undefined)
    if (code === "ENOENT" || code === "ENOTDIR") return builtInThresholds
    if (code !== "EACCES") throw error
    const note = { source: "thresholds", text: `${(error as Error).message} Using the built-in thresholds.` }
    return { ...builtInThresholds, note }
  }
  return { thresholds: parseFile(hostFile, text), source: hostFile }
}

const builtInThresholds: LoadedThresholds = {
  thresholds: parseThresholds(builtIn, "config/health_thresholds.toml"),
  source: "built-in",
}

function readFile(path: string): string {
  let file: ReturnType<typeof readText>
  try {
    file = readText(path, FILE_BYTES_MAX)
  } catch (error) {
    const problem = readProblem(path, error, "Name a file that exists.")
    throw new ThresholdFileError(`thresholds: ${problem}`, { cause: error })
  }
  if (file.isCut) throw new ThresholdFileError(`thresholds: ${path} is longer than ${FILE_BYTES_MAX} bytes`)
  return file.text
}

function parseFile(path: string, text: string): Thresholds {
  try {
    return parseThresholds(text, path, builtInLimits(rules, defaultThresholds))
  } catch (error) {
    throw error instanceof ThresholdsError ? new ThresholdFileError(`thresholds: ${error.message}`) : error
  }
}
