/** The dashboard without a terminal: the collector, the state and the lines of a screen of 200x60. */
import { initialState, type State } from "../../src/core/app/state.ts"
import { update } from "../../src/core/app/update.ts"
import { view } from "../../src/core/app/view.ts"
import { defaultThresholds } from "../../src/core/config/thresholds.ts"
import { Collector } from "../../src/shell/collect.ts"

export class Watcher {
  private state: State
  /** Looks wait until half a second lies between them: the clock is told that a second has. */
  private aheadMs = 0
  private readonly collector: Collector

  constructor(shown: "connections" | "groups") {
    this.collector = new Collector({
      interfaceName: "lo",
      now: Date.now,
      monotonicMs: () => performance.now() + this.aheadMs,
    })
    const settings = {
      interfaceName: "lo",
      refreshMs: 1_000,
      version: "0",
      thresholds: defaultThresholds,
      ownPid: process.pid,
      maskSalt: 0,
    }
    const state = initialState("live", settings, { isMasked: false, at: Date.now() })
    this.state = { ...state, screen: { width: 200, height: 60 } }
    if (shown === "groups") this.state = update(this.state, { type: "top-connections/view" })[0]
  }

  /** One whole look, and the lines that show it. */
  async look(): Promise<void> {
    this.aheadMs += 1_000
    const { sample, rates } = await this.collector.look(this.state.sample)
    this.state = update(this.state, { type: "look/collected", sample, rates, at: Date.now() })[0]
    view(this.state)
  }

  shownRows(): number {
    return this.state.slices["top-connections"].rows?.listed.length ?? 0
  }

  [Symbol.dispose](): void {
    this.collector.close()
  }
}
