/** What the result shows: which page, and where the operator is in it. */
import type { ShownTrace } from "../../app/tracing.ts"
import { type Conversation, NEVER } from "../../trace/conversations.ts"
import { byPackets } from "../../trace/report.ts"

export const pages = ["verdict", "packets", "conversations", "sequence"] as const
export type Page = (typeof pages)[number]

export const pageNames: Readonly<Record<Page, string>> = {
  verdict: "Verdict",
  packets: "Packets",
  conversations: "Conversations",
  sequence: "Sequence",
}

export interface TraceResult {
  readonly page: Page
  /** First line of the pages that scroll: the verdict and the sequence. */
  readonly top: number
  /** The packet under the cursor, from 0. */
  readonly packet: number
  /** Its detail is open; first line of that. */
  readonly detail?: { readonly top: number }
  /** The conversation under the cursor, as a place in the table of the busiest first. */
  readonly conversation: number
}

export const initial: TraceResult = { page: "verdict", top: 0, packet: 0, conversation: 0 }

/** A capture may hold more conversations than a table is read for. */
export const CONVERSATIONS_SHOWN_MAX = 500

const sorted = new WeakMap<ShownTrace["trace"], readonly Conversation[]>()

/** The busiest first. A trace that is over does not change, so they are sorted once. */
export function conversationsOf({ trace }: ShownTrace): readonly Conversation[] {
  const list = sorted.get(trace) ?? byPackets(trace).slice(0, CONVERSATIONS_SHOWN_MAX)
  sorted.set(trace, list)
  return list
}

/** Opens at the verdict; the sequence is of the busiest conversation whose handshake or end was seen. */
export function opened(shown: ShownTrace | undefined): TraceResult {
  const at = shown === undefined ? -1 : conversationsOf(shown).findIndex(hasTurn)
  return at <= 0 ? initial : { ...initial, conversation: at }
}

const hasTurn = ({ synUs, reset, finBy }: Conversation) => synUs !== NEVER || reset !== undefined || finBy >= 0
