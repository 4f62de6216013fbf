/** How a chord is written for people. */

const names: Readonly<Record<string, string>> = {
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pageup: "PgUp",
  pagedown: "PgDn",
  home: "Home",
  end: "End",
  delete: "Del",
  backspace: "Backspace",
  tab: "Tab",
  "shift+tab": "Shift+Tab",
  enter: "Enter",
  escape: "Esc",
  space: "Space",
  "ctrl+c": "Ctrl+C",
  "ctrl+1": "Ctrl+1",
  "ctrl+2": "Ctrl+2",
}

export const keyLabel = (chord: string): string => names[chord] ?? chord
