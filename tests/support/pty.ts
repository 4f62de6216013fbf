/**
 * A program in a real pseudo-terminal, and the screen it draws.
 *
 * The screen is a headless xterm: it understands what the program writes and answers its questions, as a terminal does.
 */
import { Terminal } from "@xterm/headless"

export interface PtyOptions {
  readonly cols?: number
  readonly rows?: number
  /** On top of a small, clean environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** The terminal answers none of the program's questions. */
  readonly isMute?: boolean
}

export type Pty = ReturnType<typeof openPty>

// termios(3): c_lflag bits
const ICANON = 0x2
const ECHO = 0x8

/** Starts `command` with the pty as its controlling terminal. Use with `await using`: the program is killed at the end. */
export function openPty(command: readonly string[], options: PtyOptions = {}) {
  const { cols = 100, rows = 30 } = options
  const screen = new Terminal({
    cols,
    rows,
    allowProposedApi: true,
    scrollback: 0,
    windowOptions: { pushTitle: true, popTitle: true },
  })
  let title = ""
  screen.onTitleChange((next) => {
    title = next
  })
  const decoder = new TextDecoder()
  let raw = ""
  const child = Bun.spawn([...command], {
    // Options given here make it the controlling terminal (SIGWINCH, SIGHUP); a Bun.Terminal made before does not.
    terminal: {
      cols,
      rows,
      name: "xterm-256color",
      data(_terminal, bytes) {
        raw += decoder.decode(bytes, { stream: true })
        screen.write(bytes)
      },
    },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: {
      PATH: process.env.PATH,
      HOME: "/nonexistent",
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      ...options.env,
    },
  })
  const terminal = child.terminal
  if (terminal === undefined) throw new Error("the runtime gave no terminal")
  screen.onData((answer) => {
    if (!terminal.closed && options.isMute !== true) terminal.write(answer)
  })

  // The headless terminal is never narrower than two columns: what it shows beyond the width is nobody's.
  let width = cols
  /** The rows of the screen after everything written so far, without the cells behind them that were never written. */
  const text = async (): Promise<string> => {
    await new Promise<void>((drawn) => screen.write("", drawn))
    const buffer = screen.buffer.active
    return Array.from(
      { length: screen.rows },
      (_, y) => buffer.getLine(buffer.viewportY + y)?.translateToString(true, 0, width) ?? "",
    ).join("\n")
  }

  return {
    child,
    screen,
    text,
    /** Everything the program wrote, as it wrote it. */
    get raw() {
      return raw
    },
    /** The title of the window, as it was last set. */
    get title() {
      return title
    },
    /** Waits until the screen is as `accept` wants it, and answers it. Throws with the screen when it never is. */
    async until(accept: (text: string) => boolean, timeoutMs = 4_000): Promise<string> {
      const deadline = performance.now() + timeoutMs
      for (;;) {
        const now = await text()
        if (accept(now)) return now
        if (performance.now() > deadline) {
          const end = child.exitCode === null ? "" : ` and the program ended with ${child.exitCode}`
          throw new Error(`not seen within ${timeoutMs} ms${end}; the screen is:\n${now}`)
        }
        await Bun.sleep(10)
      }
    },
    /** Types `keys`, as the bytes a terminal sends. */
    send: (keys: string) => void terminal.write(keys),
    resize(size: { cols: number; rows: number }): void {
      width = size.cols
      screen.resize(size.cols, size.rows)
      terminal.resize(size.cols, size.rows)
    },
    /** Hangs up, as a dropped SSH connection does. */
    hangUp: () => terminal.close(),
    /** The cell at column `x` and row `y` from 0: character, colours, attributes. */
    cell: (x: number, y: number) => screen.buffer.active.getLine(y)?.getCell(x),
    /** True while the program draws on the alternate screen. */
    isAlternate: () => screen.buffer.active.type === "alternate",
    /** True while the terminal edits lines and echoes, as a shell needs it. */
    isCooked: () => (terminal.localFlags & (ICANON | ECHO)) === (ICANON | ECHO),
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL")
      await child.exited
      if (!terminal.closed) terminal.close()
      screen.dispose()
    },
  }
}
