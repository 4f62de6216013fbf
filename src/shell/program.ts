/**
 * The loop: actions change the state, the state is painted, effects are done, and what comes of them is an action again.
 *
 * State first, then paint, then effects: the screen says what is under way before the world is asked.
 */
import type { Action } from "../core/app/action.ts"
import type { Effect } from "../core/app/effect.ts"
import type { State } from "../core/app/state.ts"
import { type Timer, timers } from "../core/app/timers.ts"
import { update } from "../core/app/update.ts"

/** One handler for each effect. It may answer an action; what it throws becomes `effect/failed`. */
export type EffectHandlers<E extends Effect = Effect> = {
  readonly [T in E["type"]]: (
    effect: Extract<Effect, { type: T }>,
    state: State,
  ) => Action | undefined | Promise<Action | undefined>
}

/** What the loop needs of the world. A test hands in a clock it moves itself. */
export interface Loop {
  readonly now: () => number
  readonly setInterval: (act: () => void, everyMs: number) => () => void
  /** Runs soon, once, after what is going on now. */
  readonly later: (act: () => void) => void
}

export class Program {
  private readonly running = new Map<Timer["id"], { readonly key: string; readonly stop: () => void }>()
  private asked: Effect[] = []
  private isChanged = false
  private isTurnDue = false
  private isOver = false

  constructor(
    private current: State,
    /** Those of this screen: what is not among them cannot be done by it, whatever is asked. */
    private readonly handlers: Partial<EffectHandlers>,
    private readonly paint: (state: State) => void,
    private readonly loop: Loop,
  ) {
    this.keepTimers()
  }

  get state(): State {
    return this.current
  }

  dispatch(action: Action): void {
    if (this.isOver) return
    const [next, ...effects] = update(this.current, action)
    if (next !== this.current) {
      this.current = next
      this.keepTimers()
      this.isChanged = true
    }
    this.asked.push(...effects)
    if (this.isChanged || this.asked.length > 0) this.turnSoon()
  }

  /** Asks for effects that no action asks for: those of the start. */
  start(...effects: readonly Effect[]): void {
    this.asked.push(...effects)
    this.turnSoon()
  }

  /** Several actions in one turn are one paint; what they ask of the world comes after it. */
  private turnSoon(): void {
    if (this.isTurnDue) return
    this.isTurnDue = true
    this.loop.later(() => {
      this.isTurnDue = false
      if (this.isOver) return
      if (this.isChanged) {
        this.isChanged = false
        this.paint(this.current)
      }
      for (const effect of this.asked.splice(0)) void this.perform(effect)
    })
  }

  private async perform(effect: Effect): Promise<void> {
    try {
      const handle = this.handlers[effect.type] as
        | ((effect: Effect, state: State) => ReturnType<EffectHandlers["look/collect"]>)
        | undefined
      if (handle === undefined) throw new Error(`this screen cannot do ${effect.type}`)
      const action = await handle(effect, this.current)
      if (action !== undefined) this.dispatch(action)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.dispatch({ type: "effect/failed", effect, reason, at: this.loop.now() })
    }
  }

  private keepTimers(): void {
    const wanted = timers(this.current)
    for (const [id, timer] of this.running) {
      if (wanted.some((other) => other.id === id && other.key === timer.key)) continue
      timer.stop()
      this.running.delete(id)
    }
    for (const timer of wanted) {
      if (this.running.has(timer.id)) continue
      const stop = this.loop.setInterval(
        () => this.dispatch({ type: timer.action, at: this.loop.now() }),
        timer.everyMs,
      )
      this.running.set(timer.id, { key: timer.key, stop })
    }
  }

  /** Stops every timer; actions that still come are not heard, and what was asked and not begun is not done. */
  stop(): void {
    this.isOver = true
    for (const timer of this.running.values()) timer.stop()
    this.running.clear()
  }
}
