/**
 * Programs that a test starts beside itself.
 *
 * They die with the process that started them, even when that is killed, and have none of its output: whoever reads the
 * run's stderr to its end does not wait for one that was left behind.
 */

/** The command, killed by the kernel when the thread that started it ends. Needs `setpriv` of util-linux. */
export const dyingWithUs = (command: readonly string[]): string[] => [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "--",
  ...command,
]

export class Helper {
  private readonly stream: AsyncIterator<Uint8Array>
  private readonly complaint: Promise<string>
  private text = ""

  private constructor(readonly child: Bun.Subprocess<"pipe", "pipe", "pipe">) {
    this.stream = child.stdout[Symbol.asyncIterator]()
    this.complaint = new Response(child.stderr).text()
  }

  /** Waits for its first line, which must be "ready" unless another is wanted. */
  static async start(command: readonly string[], first = "ready"): Promise<Helper> {
    const child = Bun.spawn(dyingWithUs(command), { stdin: "pipe", stdout: "pipe", stderr: "pipe" })
    const helper = new Helper(child)
    const said = await helper.line()
    if (said === first) return helper
    await helper.end()
    throw new Error(`${command.join(" ")} began with ${said}`)
  }

  get pid(): number {
    return this.child.pid
  }

  tell(line: string): void {
    this.child.stdin.write(`${line}\n`)
    this.child.stdin.flush()
  }

  async ask(line: string): Promise<string> {
    this.tell(line)
    return this.line()
  }

  /** The next line that it says. Throws with what it complained about when it ends before. */
  async line(): Promise<string> {
    const decoder = new TextDecoder()
    while (!this.text.includes("\n")) {
      const { value, done } = await this.stream.next()
      if (done) throw new Error(`the helper ended before it answered: ${(await this.complaint).trim()}`)
      this.text += decoder.decode(value)
    }
    const at = this.text.indexOf("\n")
    const line = this.text.slice(0, at)
    this.text = this.text.slice(at + 1)
    return line
  }

  async end(): Promise<void> {
    this.child.stdin.end()
    this.child.kill("SIGKILL")
    await this.child.exited
  }
}

/** A network namespace that is there as long as the helper; `script` runs inside it first. */
export const holdNamespace = (script = ""): Promise<Helper> =>
  Helper.start(["unshare", "--net", "sh", "-ec", `${script}\necho ready; exec cat`])
