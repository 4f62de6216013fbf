/** The program as it stands in the sources, run as an operator runs it. */
import { join } from "node:path"

const main = join(import.meta.dir, "../../src/main.ts")

export const command = (words: readonly string[]): string[] => [process.execPath, main, ...words]

/** Runs it to its end, without a terminal. */
export async function runProgram(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn(command(words), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { stdout, stderr, exitCode }
}
