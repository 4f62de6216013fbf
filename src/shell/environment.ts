/**
 * What the caller's environment may say to us, and whether there is a terminal to draw on.
 *
 * The program runs as root under `sudo`, so it obeys no variable that loads code or writes a file. The decisions are
 * pure; `scrubEnvironment` and `checkTerminal` only apply them to this process.
 */
import { isatty } from "node:tty"

/** True for the renderer's own variables: one loads a library from a folder, one empties a file, others draw over us. */
export const isRendererVariable = (name: string): boolean =>
  name.startsWith("OTUI_") || name.startsWith("OPENTUI_") || name === "SHOW_CONSOLE"

/** Forgets the renderer's variables. Must run before the first import of the renderer, which reads them as it loads. */
export function scrubEnvironment(env: Record<string, string | undefined> = process.env): void {
  for (const name of Object.keys(env)) if (isRendererVariable(name)) delete env[name]
}

export interface TerminalFacts {
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is to be drawn, and what prints the same; absent: the dashboard. */
  readonly name?: string
  readonly instead?: string
}

export type TerminalCheck =
  | {
      readonly ok: true
      /** The terminal type to tell the renderer; see `rendererTerm`. */
      readonly term: string
      /** False when NO_COLOR is set (no-color.org: any value but the empty one). */
      readonly isColored: boolean
      /** Borders and bars may be Unicode. */
      readonly isUtf8: boolean
    }
  | { readonly ok: false; readonly reason: string }

/** Whether a dashboard can be drawn, and how; else why not, and what to do instead. */
export function judgeTerminal({
  stdinIsTerminal,
  stdoutIsTerminal,
  env,
  name = "the dashboard",
  instead = "`holyf-network connections` or `snapshot`",
}: TerminalFacts): TerminalCheck {
  if (!stdinIsTerminal || !stdoutIsTerminal) {
    const end = stdoutIsTerminal ? "stdin" : "stdout"
    return {
      ok: false,
      reason: `${name} needs a terminal and ${end} is none; use ${instead}`,
    }
  }
  const term = env.TERM ?? ""
  if (term === "" || term === "dumb") {
    const problem = term === "" ? "TERM is not set" : "TERM=dumb cannot move the cursor"
    return { ok: false, reason: `${problem}; set TERM, or use ${instead}` }
  }
  // POSIX: LC_ALL wins over LC_CTYPE, which wins over LANG; an empty value counts as unset.
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ""
  return {
    ok: true,
    term: rendererTerm(term, env.COLORTERM ?? ""),
    isColored: !env.NO_COLOR,
    isUtf8: /utf-?8/i.test(locale),
  }
}

/**
 * The terminal type as the renderer must hear it. It sends 24-bit colour to every terminal whose name it does not know,
 * and that is green blocks in `screen` and on the Linux console; an unknown name is called a 256-colour one.
 */
export function rendererTerm(term: string, colorTerm: string): string {
  if (/256color|kitty|ghostty|alacritty|wezterm|foot/.test(term) || /truecolor|24bit/.test(colorTerm)) return term
  return /^(screen|tmux)/.test(term) ? "screen-256color" : "xterm-256color"
}

/** `judgeTerminal` for this process; `hasKeys` when they come another way than by stdin. */
export const checkTerminal = ({
  hasKeys = false,
  ...program
}: Pick<TerminalFacts, "name" | "instead"> & { readonly hasKeys?: boolean } = {}): TerminalCheck =>
  judgeTerminal({
    stdinIsTerminal: hasKeys || isatty(0),
    stdoutIsTerminal: isatty(1),
    env: process.env,
    ...program,
  })
