/** What each CPU spent its time on: /proc/stat (fs/proc/stat.c), clock ticks since boot. */
import type { CpuTime } from "../sample/grounds.ts"
import { parseDecimal, words } from "./number.ts"

// user nice system idle iowait irq softirq steal, then time of guests, which is in the first two already
const SOFTIRQ = 6
const COUNTED = 8

/** One row a CPU; `undefined` when there is none. */
export function parseCpuTimes(text: string): readonly CpuTime[] | undefined {
  const cpus = text.split("\n").flatMap((line) => {
    const [name = "", ...rest] = words(line)
    const cpu = /^cpu(\d{1,5})$/.exec(name)?.[1]
    const ticks = rest.slice(0, COUNTED).map(parseDecimal)
    if (cpu === undefined || ticks.length <= SOFTIRQ || ticks.includes(undefined)) return []
    const total = ticks.reduce<number>((sum, value) => sum + value!, 0)
    return [{ cpu: Number(cpu), softirq: ticks[SOFTIRQ]!, total }]
  })
  return cpus.length === 0 ? undefined : cpus
}
