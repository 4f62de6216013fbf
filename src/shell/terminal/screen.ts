/**
 * The terminal: lines out; keys, clicks and sizes in. It is given back on every way out.
 *
 * OpenTUI's own signal handlers only end the renderer and leave the process running, and its error handlers print and
 * go on: both are replaced here.
 */
import { writeSync } from "node:fs"
import { constants } from "node:os"
import { isatty, type ReadStream } from "node:tty"
import { CliRenderEvents, CliRenderer, type KeyEvent, type MouseEvent, type PasteEvent } from "@opentui/core"
import type { MouseAt } from "../../core/app/panel.ts"
import type { Line, Size } from "../../core/text/line.ts"
import { chordOf } from "./keys.ts"
import { loadRenderLibrary } from "./native.ts"
import { Canvas } from "./paint.ts"
import { themeFor } from "./theme.ts"

export interface TerminalOptions {
  readonly term: string
  readonly hasColor: boolean
  readonly isUtf8: boolean
  /** Where keys come from, when stdin is something else. */
  readonly input?: ReadStream
}

/** What the program does with what comes from the terminal. */
export interface Listener {
  /** The first frame is out: what takes long may begin. */
  shown(): void
  key(chord: string): void
  mouse(at: MouseAt): void
  paste(text: string): void
  resize(size: Size): void
  /** The screen is going away: stop timers, close sockets. */
  stop(): void
}

export interface Screen {
  readonly size: Size
  paint(lines: readonly Line[]): void
  /** Gives the terminal back; `run` then answers `code`. */
  quit(code: number): void
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE"] as const
const INTERNAL_ERROR = 70
const codeOf = (signal: (typeof SIGNALS)[number]) => 128 + constants.signals[signal]
// xterm's control sequences.
const XTPUSHTITLE = "\x1b[22;0t"
const XTPOPTITLE = "\x1b[23;0t"
/** A terminal that is gone must not keep us. */
const FAREWELL_MS = 1_500

/** Opens the screen, lets `start` use it, and answers the exit code once the terminal has been given back. */
export async function run(options: TerminalOptions, start: (screen: Screen) => Listener): Promise<number> {
  await loadRenderLibrary()
  const { columns, rows } = process.stdout
  // Not `createCliRenderer`: that one answers when the terminal is taken already, and whatever ended us before then
  // would leave it taken.
  const renderer = new CliRenderer(
    (options.input ?? process.stdin) as typeof process.stdin,
    process.stdout,
    columns || 80,
    rows || 24,
    {
      exitOnCtrlC: false,
      exitSignals: [],
      consoleMode: "disabled",
      openConsoleOnError: false,
      enableMouseMovement: false,
      targetFps: 30,
      environment: { TERM: options.term, OPENTUI_GRAPHICS: "0", OPENTUI_FORCE_EXPLICIT_WIDTH: "false" },
    },
  )
  // What is printed while the screen is up would be drawn over it: it is kept for the end.
  const printed = captureConsole()
  const done = Promise.withResolvers<number>()
  let listener: Listener | undefined
  let isStopping = false
  const title = createTitle()

  const stop = (code: number, error?: unknown) => {
    if (isStopping) return
    isStopping = true
    const finish = () => {
      clearTimeout(farewell)
      title.restore()
      for (const text of printed.splice(0)) process.stderr.write(`${text}\n`)
      if (error !== undefined)
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      done.resolve(code)
    }
    const farewell = setTimeout(finish, FAREWELL_MS)
    try {
      listener?.stop()
    } finally {
      renderer.destroy()
      renderer.closed.then(finish, finish)
    }
  }
  /** Where the terminal is gone, that is why whatever came after it failed, and there is nobody left to be told. */
  const fail = (error: unknown) => (isatty(0) ? stop(INTERNAL_ERROR, error) : stop(codeOf("SIGHUP")))
  const guarded =
    <A extends readonly unknown[]>(act: (...given: A) => void) =>
    (...given: A) => {
      try {
        act(...given)
      } catch (error) {
        fail(error)
      }
    }

  for (const name of SIGNALS) process.on(name, () => stop(codeOf(name)))
  // The kernel sends it with the SIGHUP of a terminal that was closed, too: that one is heard first.
  process.on("SIGCONT", () => void setImmediate(() => void reclaim().catch(fail)))
  // The renderer's own would print the error and go on.
  for (const name of ["uncaughtException", "unhandledRejection"]) process.removeAllListeners(name)
  process.on("uncaughtException", fail)
  process.on("unhandledRejection", fail)
  renderer.on(CliRenderEvents.RENDER_ERROR, (event: { error: Error }) => fail(event.error))
  renderer.on(CliRenderEvents.HANDLER_ERROR, (event: { error: unknown }) => fail(event.error))
  renderer.on(CliRenderEvents.DESTROY, () => stop(1))

  // The frame is on its way once the loop has run.
  renderer.once(CliRenderEvents.FRAME, () => void setImmediate(guarded(() => isStopping || listener?.shown())))

  const size = (): Size => ({ width: Math.max(1, renderer.width), height: Math.max(1, renderer.height) })
  const canvas = new Canvas(renderer, themeFor(options.hasColor), options.isUtf8, () => listener?.resize(size()))
  renderer.root.add(canvas)
  canvas.onMouse = guarded((event: MouseEvent) => {
    const at = mouseAt(event)
    if (at !== undefined) listener?.mouse(at)
  })
  renderer.keyInput.on(
    "paste",
    guarded((event: PasteEvent) => listener?.paste(new TextDecoder().decode(event.bytes))),
  )
  renderer.keyInput.on("keypress", (key: KeyEvent) => {
    if (chordOf(key) === "ctrl+z") suspend().catch(fail)
    else guarded(() => listener?.key(chordOf(key)))()
  })

  let isAway = false

  /** Ctrl+Z: gives the terminal to the shell, and takes it again when the shell starts us again. */
  async function suspend(): Promise<void> {
    if (isAway) return
    isAway = true
    await renderer.suspend()
    title.restore()
    // Not SIGSTOP: where no shell could start us again (the group is orphaned), the kernel drops this one.
    process.kill(0, "SIGTSTP")
    // The signal arrives a moment later; the screen must not be up again before it.
    await Bun.sleep(20)
    await comeBack()
  }

  /** After a stop that nobody told us of (SIGSTOP), whoever had the terminal meanwhile has drawn on it. */
  async function reclaim(): Promise<void> {
    if (isAway || isStopping) return
    isAway = true
    await renderer.suspend()
    title.restore()
    await comeBack()
  }

  async function comeBack(): Promise<void> {
    title.save()
    await renderer.resume()
    isAway = false
    // The window may have changed meanwhile: the renderer asks for its size when told that it did.
    process.kill(process.pid, "SIGWINCH")
  }

  try {
    listener = start({
      get size() {
        return size()
      },
      paint: guarded((lines: readonly Line[]) => canvas.paint(lines)),
      quit: (code) => stop(code),
    })
    title.save()
    // What was painted by now is the first frame.
    await renderer.setupTerminal()
  } catch (error) {
    fail(error)
  }
  return done.promise
}

/** The renderer leaves an empty title behind: what was there is kept meanwhile on the terminal's own stack. */
function createTitle() {
  let isSaved = false
  const turn = (save: boolean, sequence: string) => () => {
    if (isSaved === save) return
    isSaved = save
    try {
      writeSync(process.stdout.fd, sequence)
    } catch {
      // The terminal is gone.
    }
  }
  return { save: turn(true, XTPUSHTITLE), restore: turn(false, XTPOPTITLE) }
}

function mouseAt(event: MouseEvent): MouseAt | undefined {
  if (event.type === "scroll") {
    const isUp = event.scroll?.direction === "up"
    return event.scroll?.direction === "up" || event.scroll?.direction === "down"
      ? { kind: isUp ? "wheel-up" : "wheel-down", x: event.x, y: event.y }
      : undefined
  }
  if (event.type === "drag" && event.button === 0) return { kind: "drag", x: event.x, y: event.y }
  return event.type === "down" && event.button === 0 ? { kind: "click", x: event.x, y: event.y } : undefined
}

const PRINTED_MAX = 200

function captureConsole(): string[] {
  const printed: string[] = []
  for (const level of ["log", "info", "warn", "error", "debug"] as const) {
    console[level] = (...values: unknown[]) => {
      printed.push(
        values.map((value) => (value instanceof Error ? (value.stack ?? value.message) : String(value))).join(" "),
      )
      if (printed.length > PRINTED_MAX) printed.shift()
    }
  }
  return printed
}
