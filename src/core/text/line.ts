/** Lines of toned text: all that core knows of a screen. A tone says what a piece means; colours are the terminal's. */

/**
 * `plain` text, `muted` labels and zeros, `strong` headings, `accent` for what has the focus, and the three severities,
 * which are used for severity and nothing else.
 */
export type Tone = "plain" | "muted" | "strong" | "accent" | "ok" | "warn" | "crit"

export interface Span {
  readonly text: string
  readonly tone: Tone
  /** Drawn with foreground and background swapped: the selected row. */
  readonly isInverse?: boolean
}

export type Line = readonly Span[]

export interface Size {
  readonly width: number
  readonly height: number
}

export const span = (text: string, tone: Tone = "plain"): Span => ({ text, tone })
export const line = (...spans: readonly (Span | string)[]): Line =>
  spans.map((part) => (typeof part === "string" ? span(part) : part))

/** The text alone, as a test or a file wants it. */
export const plainText = (lines: readonly Line[]): string =>
  lines.map((spans) => spans.map((part) => part.text).join("")).join("\n")
