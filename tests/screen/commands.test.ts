/** What no command can promise by itself: that they get along with each other, with terminals and with the documents. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { existing } from "../../src/core/app/command.ts"
import { appCommands } from "../../src/core/app/commands.ts"
import { appCommandsIn, commandsOf } from "../../src/core/app/guide.ts"
import { actionForKey } from "../../src/core/app/keymap.ts"
import { everyPanel, type SomeCommand, type SomePanel } from "../../src/core/app/registry.ts"
import type { State } from "../../src/core/app/state.ts"
import { documents } from "../generate-docs.ts"
import { apply, typed, watching } from "../support/host.ts"
import { webServer } from "../support/hosts.ts"
import { Replaying } from "../support/replay.ts"

const isOverlay = ({ place }: SomePanel) => place.region === "overlay"

/** The commands that may act at one time: those of one overlay, or of one panel and the program. */
/** With a search whose list is shown when it is opened. */
const replaying = new Replaying({ lines: [{ at: "10:00:00", in: [{ peer: "192.0.2.1" }] }] }).press(
  "S",
  ...typed("nginx"),
  "enter",
  "escape",
).state

const places: readonly { name: string; commands: readonly SomeCommand[]; state: State }[] = (
  ["live", "replay"] as const
).flatMap((source) =>
  existing(everyPanel, source).map((panel) => {
    const begun = source === "live" ? watching(120, 40, webServer) : replaying
    const own = commandsOf(panel, source)
    return {
      name: `${source} ${panel.id}`,
      commands: isOverlay(panel) ? own : [...own, ...appCommandsIn(source)],
      state: isOverlay(panel)
        ? apply(begun, { type: "app/open", panel: panel.id })
        : apply(begun, { type: "app/focus", panel: panel.id }),
    }
  }),
)
const everyCommand = [...everyPanel.flatMap(({ commands }) => commands as readonly SomeCommand[]), ...appCommands]

describe.each(places)("$name", ({ commands, state }) => {
  test("no key is declared twice", () => {
    const keys = commands.flatMap((command) => command.keys)
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
  })

  test("every key reaches its command", () => {
    const isRefused = (found: ReturnType<typeof actionForKey>) =>
      state.source === "replay" && found?.type === "app/notice"
    const reached = commands
      .flatMap(({ keys, action }) => keys.map((key) => [key, actionForKey(state, key), action] as const))
      .filter(([, found]) => !isRefused(found))
    for (const [key, found, wanted] of reached) expect([key, found]).toEqual([key, wanted])
  })
})

test("no two commands have one name, and each carries its owner's", () => {
  const ids = everyCommand.map(({ id }) => id)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  const owners = ["app", "replay", ...everyPanel.map(({ id }) => id)]
  expect(ids.filter((id) => !owners.includes(id.split(".")[0]!))).toEqual([])
})

/**
 * What every terminal sends and none keeps for itself. Ctrl with a digit arrives as something else, Ctrl+I, J, M, H and
 * [ are Tab, Enter, Backspace and Esc, Ctrl+Z is the shell's, and Alt is Esc and a key. The Linux console does not tell
 * shifted arrows: they only stand beside another key.
 */
const named =
  /^(up|down|left|right|home|end|pageup|pagedown|insert|delete|tab|shift\+(?:tab|left|right)|enter|escape|space|backspace|f([1-9]|1[0-2]))$/
const isSendable = (chord: string): boolean =>
  /^[!-~]$/.test(chord) || named.test(chord) || /^ctrl\+[a-gklnopr-y]$/.test(chord)

test("every key is one that terminals can send", () => {
  expect(everyCommand.flatMap(({ keys }) => keys).filter((chord) => !isSendable(chord))).toEqual([])
  expect(["ctrl+1", "ctrl+i", "alt+x", "ctrl+shift+b", "shift+b", "é"].filter(isSendable)).toEqual([])
})

test("every title fits one line of the help at 60 columns", () => {
  const TITLE_MAX = 41
  expect(everyCommand.filter(({ title }) => title.length > TITLE_MAX || title === "")).toEqual([])
})

test("every hint names a key of its own command", () => {
  const labels: Readonly<Record<string, string>> = {
    "↑↓": "down",
    Tab: "tab",
    Esc: "escape",
    Enter: "enter",
    "←→": "left",
    "[ ]": "[",
    "{ }": "{",
    "a e": "a",
    "n N": "n",
  }
  const strangers = everyCommand.filter(({ hint, keys }) => hint && !keys.includes(labels[hint.key] ?? hint.key))
  expect(strangers).toEqual([])
})

describe("generated documents", () => {
  test.each(Object.entries(documents))("%s is up to date (else: bun run docs)", (path, content) => {
    expect(readFileSync(join(import.meta.dir, "../..", path), "utf8")).toBe(content())
  })
})
