/** Seconds of the interface and the host, as the fast lane brings them: a test says what each carried. */
import type { Action } from "../../src/core/app/action.ts"
import type { State } from "../../src/core/app/state.ts"
import { missing, reading } from "../../src/core/sample/sample.ts"
import { apply } from "./host.ts"

export interface SecondSpec {
  /** Bytes in this second. */
  readonly rx?: number
  readonly tx?: number
  readonly retransmits?: number
  /** TCP connections that are up. */
  readonly connections?: number
  readonly conntrack?: number
  /** The second passes and nothing is read. */
  readonly isUnread?: boolean
}

export interface LaneOptions {
  readonly name?: string
  readonly speedBitsPerSecond?: number
  readonly conntrackMax?: number
  /** Why the interface cannot be read. */
  readonly failure?: string
}

const still = { rxPackets: 0, txPackets: 0, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 }

/** What the lane brings, second after second, from the state's time on; the first reading is a baseline of its own. */
export function lanes(state: State, seconds: readonly SecondSpec[], options: LaneOptions = {}): readonly Action[] {
  const { name = "eth0", speedBitsPerSecond, conntrackMax = 10_000, failure } = options
  const counted = { rxBytes: 0, txBytes: 0, RetransSegs: 0 }
  const actions: Action[] = []
  for (const [i, second] of [{}, ...seconds].entries()) {
    const { rx = 0, tx = 0, retransmits = 0, connections = 0, conntrack, isUnread = false }: SecondSpec = second
    counted.rxBytes += rx
    counted.txBytes += tx
    counted.RetransSegs += retransmits
    if (isUnread) continue
    const { RetransSegs, ...bytes } = counted
    const at = state.now + i * 1000
    const speed = speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond }
    actions.push({
      type: "lane/collected",
      counters: failure === undefined ? reading({ name, ...bytes, ...speed, ...still }) : missing(failure),
      pulse: {
        counters: reading({ Tcp: { RetransSegs, CurrEstab: connections } }),
        conntrack:
          conntrack === undefined
            ? missing("nf_conntrack is not loaded")
            : reading({ count: conntrack, max: conntrackMax }),
      },
      monotonicMs: at,
      at,
    })
  }
  return actions
}

export const carried = (state: State, seconds: readonly SecondSpec[], options: LaneOptions = {}): State =>
  apply(state, ...lanes(state, seconds, options))

/** As many seconds, each made from its number. */
export const secondsOf = (count: number, each: (i: number) => SecondSpec): readonly SecondSpec[] =>
  Array.from({ length: count }, (_, i) => each(i))
