/** The commands of a replay that belong to no panel: going through time. */
import type { SomeCommand } from "./registry.ts"

const MINUTE_MS = 60_000

const commands: readonly Omit<SomeCommand, "only">[] = [
  {
    id: "replay.previous",
    keys: ["["],
    title: "Snapshot before",
    hint: { key: "[ ]", word: "step", rank: 1 },
    group: "Time",
    action: { type: "replay/step", by: -1 },
  },
  { id: "replay.next", keys: ["]"], title: "Snapshot after", group: "Time", action: { type: "replay/step", by: 1 } },
  {
    id: "replay.ten-minutes-back",
    keys: ["{"],
    title: "Ten minutes back",
    hint: { key: "{ }", word: "10m", rank: 3 },
    group: "Time",
    action: { type: "replay/skip", byMs: -10 * MINUTE_MS },
  },
  {
    id: "replay.ten-minutes-on",
    keys: ["}"],
    title: "Ten minutes on",
    group: "Time",
    action: { type: "replay/skip", byMs: 10 * MINUTE_MS },
  },
  {
    id: "replay.oldest",
    keys: ["a", "A"],
    title: "Oldest snapshot of the window",
    hint: { key: "a e", word: "ends" },
    group: "Time",
    action: { type: "replay/end", to: "oldest" },
  },
  {
    id: "replay.latest",
    keys: ["e", "E"],
    title: "Latest snapshot of the window",
    group: "Time",
    action: { type: "replay/end", to: "latest" },
  },
  {
    id: "replay.next-finding",
    keys: ["n", "shift+right"],
    title: "Next time something begins to be wrong",
    hint: { key: "n N", word: "finding", rank: 2 },
    group: "Time",
    action: { type: "replay/onset", by: 1 },
  },
  {
    id: "replay.previous-finding",
    keys: ["N", "shift+left"],
    title: "Last time something began to be wrong",
    group: "Time",
    action: { type: "replay/onset", by: -1 },
  },
  {
    id: "replay.jump",
    keys: ["t"],
    title: "Go to a time",
    hint: { key: "t", word: "time", rank: 2 },
    group: "Time",
    action: { type: "app/open", panel: "jump" },
  },
  {
    id: "replay.search",
    keys: ["S", "ctrl+f"],
    title: "Search all snapshots of the window",
    hint: { key: "S", word: "search", rank: 2 },
    group: "Time",
    action: { type: "app/open", panel: "time-search" },
  },
  {
    id: "replay.next-hit",
    keys: [")"],
    title: "Next snapshot that was found",
    group: "Time",
    action: { type: "replay/hit", by: 1 },
  },
  {
    id: "replay.previous-hit",
    keys: ["("],
    title: "Snapshot before that was found",
    group: "Time",
    action: { type: "replay/hit", by: -1 },
  },
  { id: "replay.day-before", keys: ["<"], title: "Day before", group: "Time", action: { type: "replay/day", by: -1 } },
  { id: "replay.day-after", keys: [">"], title: "Day after", group: "Time", action: { type: "replay/day", by: 1 } },
  {
    id: "replay.follow",
    keys: ["L"],
    title: "Follow the end as it grows, and stop",
    hint: { key: "L", word: "tail", rank: 3 },
    group: "Time",
    action: { type: "replay/follow-end" },
  },
  {
    id: "replay.skip-empty",
    keys: ["x"],
    title: "Skip snapshots without rows, or show them",
    hint: { key: "x", word: "empty" },
    group: "Time",
    action: { type: "replay/skip-empty" },
  },
]

export const replayCommands: readonly SomeCommand[] = commands.map((command) => ({ ...command, only: "replay" }))
