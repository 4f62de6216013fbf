/**
 * The terminal: lines out; keys, clicks and sizes in. It is given back on every way out.
 *
 * OpenTUI's own signal handlers only end the renderer and leave the process running, and its error handlers print and
 * go on: both are replaced here.
 */
import { constants } from "node:os"
import { CliRenderEvents, type KeyEvent, type MouseEvent, type PasteEvent } from "@opentui/core"
import type { MouseAt } from "../../core/app/panel.ts"
import type { Line, Size } from "../../core/text/line.ts"
import { chordOf } from "./keys.ts"
import { loadRenderer } from "./native.ts"
import { Canvas } from "./paint.ts"
import { themeFor } from "./theme.ts"

export interface TerminalOptions {
  readonly term: string
  readonly hasColor: boolean
  readonly isUtf8: boolean
}

/** What the program does with what comes from the terminal. */
export interface Listener {
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
/** A terminal that is gone must not keep us. */
const FAREWELL_MS = 1_500

/** Opens the screen, lets `start` use it, and answers the exit code once the terminal has been given back. */
export async function run(options: TerminalOptions, start: (screen: Screen) => Listener): Promise<number> {
  const { createCliRenderer } = await loadRenderer()
  const renderer = await createCliRenderer({
    exitOnCtrlC: false,
    exitSignals: [],
    consoleMode: "disabled",
    openConsoleOnError: false,
    enableMouseMovement: false,
    targetFps: 30,
    environment: { TERM: options.term, OPENTUI_GRAPHICS: "0", OPENTUI_FORCE_EXPLICIT_WIDTH: "false" },
  })
  // What is printed while the screen is up would be drawn over it: it is kept for the end.
  const printed = captureConsole()
  const done = Promise.withResolvers<number>()
  let listener: Listener | undefined
  let isStopping = false

  const stop = (code: number, error?: unknown) => {
    if (isStopping) return
    isStopping = true
    const finish = () => {
      for (const text of printed.splice(0)) process.stderr.write(`${text}\n`)
      if (error !== undefined)
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      done.resolve(code)
    }
    setTimeout(finish, FAREWELL_MS)
    try {
      listener?.stop()
    } finally {
      renderer.destroy()
      renderer.closed.then(finish, finish)
    }
  }
  const guarded =
    <A extends readonly unknown[]>(act: (...given: A) => void) =>
    (...given: A) => {
      try {
        act(...given)
      } catch (error) {
        stop(INTERNAL_ERROR, error)
      }
    }

  for (const name of SIGNALS) process.on(name, () => stop(128 + constants.signals[name]))
  process.on("uncaughtException", (error) => stop(INTERNAL_ERROR, error))
  process.on("unhandledRejection", (error) => stop(INTERNAL_ERROR, error))
  renderer.on(CliRenderEvents.RENDER_ERROR, (event: { error: Error }) => stop(INTERNAL_ERROR, event.error))
  renderer.on(CliRenderEvents.HANDLER_ERROR, (event: { error: unknown }) => stop(INTERNAL_ERROR, event.error))
  renderer.on(CliRenderEvents.DESTROY, () => stop(1))

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
    if (chordOf(key) === "ctrl+z") suspend().catch((error: unknown) => stop(INTERNAL_ERROR, error))
    else guarded(() => listener?.key(chordOf(key)))()
  })

  async function suspend(): Promise<void> {
    await renderer.suspend()
    // Not SIGSTOP: where no shell could start us again (the group is orphaned), the kernel drops this one.
    process.kill(0, "SIGTSTP")
    // The signal arrives a moment later; the screen must not be up again before it.
    await Bun.sleep(20)
    await renderer.resume()
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
  } catch (error) {
    stop(INTERNAL_ERROR, error)
  }
  return done.promise
}

function mouseAt(event: MouseEvent): MouseAt | undefined {
  if (event.type === "scroll") {
    const isUp = event.scroll?.direction === "up"
    return event.scroll?.direction === "up" || event.scroll?.direction === "down"
      ? { kind: isUp ? "wheel-up" : "wheel-down", x: event.x, y: event.y }
      : undefined
  }
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
