/** What could not be seen, in sentences: every source of a look that failed, and every limit of one that answered. */
import type { Note, Sample } from "../sample/sample.ts"

/** The sources of a look, by the name an operator knows. */
const sources = {
  sockets: "sockets",
  counters: "protocol counters",
  socketStatistics: "socket statistics",
  softnet: "packet backlog",
  interface: "interface",
  conntrack: "conntrack",
  own: "own usage",
  load: "load average",
} as const satisfies Partial<Record<keyof Sample, string>>

export const noteText = ({ source, text }: Note): string => `${source}: ${text}`

export function failedSources(sample: Sample): string[] {
  const names = Object.keys(sources) as (keyof typeof sources)[]
  return names.flatMap((name) => {
    const source = sample[name]
    return source.ok ? [] : [noteText({ source: sources[name], text: source.reason })]
  })
}
