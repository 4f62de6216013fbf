/** The keys of the details. */
import type { Command } from "../../app/command.ts"
import type { Facts } from "../../app/facts.ts"
import type { Close } from "../../app/panel.ts"
import { isAny } from "../../text/endpoint.ts"
import type { Details, DetailsAction } from "./panel.ts"

const scroll = (by: number, unit: "line" | "page" | "all"): DetailsAction => ({ type: "details/scroll", by, unit })

/** Why nothing can be done about it. */
export function whyNoAction({ subject }: Details, { source }: Facts): string | undefined {
  if (source === "replay") return "replay is read-only"
  return subject?.side === "out" ? "only incoming peers are blocked" : undefined
}

export function whyNoTrace({ subject }: Details, { source }: Facts): string | undefined {
  if (source === "replay") return "replay is read-only"
  return subject !== undefined && isAny(subject.peerAddress) ? "this row has no single peer" : undefined
}

export const commands: readonly Command<Details, DetailsAction | Close>[] = [
  { id: "details.up", keys: ["up"], title: "Line above", group: "Look", action: scroll(-1, "line") },
  {
    id: "details.down",
    keys: ["down"],
    title: "Line below",
    hint: { key: "↑↓", word: "scroll", rank: 3 },
    group: "Look",
    action: scroll(1, "line"),
  },
  { id: "details.page-up", keys: ["pageup"], title: "Page back", group: "Look", action: scroll(-1, "page") },
  { id: "details.page-down", keys: ["pagedown"], title: "Page on", group: "Look", action: scroll(1, "page") },
  { id: "details.first", keys: ["home"], title: "To the top", group: "Look", action: scroll(-1, "all") },
  { id: "details.last", keys: ["end"], title: "To the end", group: "Look", action: scroll(1, "all") },
  {
    id: "details.block",
    keys: ["k"],
    title: "Block the peer for some minutes",
    hint: { key: "k", word: "block", rank: 1 },
    group: "Act",
    refuse: whyNoAction,
    action: { type: "details/block" },
  },
  {
    id: "details.kill",
    keys: ["x"],
    title: "End its connections, block nothing",
    hint: { key: "x", word: "end connections", rank: 2 },
    group: "Act",
    refuse: whyNoAction,
    action: { type: "details/kill" },
  },
  {
    id: "details.trace",
    keys: ["T"],
    title: "Capture its packets",
    group: "Act",
    refuse: whyNoTrace,
    action: { type: "details/trace" },
  },
  {
    id: "details.close",
    keys: ["escape", "q"],
    title: "Close the details",
    hint: { key: "Esc", word: "close", rank: 1 },
    group: "Program",
    action: { type: "app/close" },
  },
]
