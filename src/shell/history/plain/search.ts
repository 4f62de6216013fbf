/** `replay --search`: the snapshots of the window that have an address, a network, a port or a process. */
import { matcherOf, parseQuery, queryText } from "../../../core/history/search.ts"
import { wallText } from "../../../core/history/time-grammar.ts"
import { windowText } from "../../../core/history/window.ts"
import { json } from "../../../core/text/json.ts"
import { timestamp } from "../../../core/text/timestamp.ts"
import { harmless } from "../../../core/text/width.ts"
import type { ReplayRequest } from "../../cli.ts"
import { hostZone } from "../../daemon/caller.ts"
import { usageFailure } from "../../failure.ts"
import { complain, print } from "../../plain/output.ts"
import { choosePlace, chooseWindow } from "../choose.ts"
import { History } from "../history.ts"
import { placeName } from "../place.ts"
import { type Hit, searchHistory } from "../search-history.ts"

type SearchRequest = Extract<ReplayRequest, { kind: "replay-search" }>

const SLICE_MS = 50

/** Throws a `Failure` when there is nothing to look into. */
export async function printHits(asked: SearchRequest): Promise<void> {
  const query = parseQuery(asked.search, { isMasked: asked.sensitiveIp })
  if (query === undefined)
    throw usageFailure("--search takes an address, a network such as 10.0.0.0/8, a port or a process")
  const { place, notes } = await choosePlace(asked)
  const history = new History(place, chooseWindow(asked, place, Date.now()), { zone: hostZone, now: Date.now })
  try {
    while (history.indexMore(1_000));
    const { index, problems } = history.view()
    const hits: Hit[] = []
    const failed = new Set(problems)
    for (const found of searchHistory(history.openedFiles, index, matcherOf(query), SLICE_MS)) {
      hits.push(...found.hits)
      for (const problem of found.problems) failed.add(problem)
      if (!asked.json)
        await print(
          found.hits.map(
            ({ at, in: ins, out }) => `${wallText(at, hostZone)}  ${ins} incoming, ${out} outgoing rows\n`,
          ),
        )
    }
    const time = (at: number) => timestamp({ at, offsetMinutes: hostZone(at) })
    if (asked.json)
      await print([
        json({
          source: placeName(place),
          query: { kind: query.kind, text: asked.search.trim() },
          from: history.window.from === undefined ? null : time(history.window.from),
          to: history.window.to === undefined ? null : time(history.window.to),
          searched_snapshots: index.length,
          hits: hits.map(({ at, in: incoming, out: outgoing }) => ({ captured_at: time(at), incoming, outgoing })),
          problems: [...failed],
        }),
        "\n",
      ])
    const shown = harmless(queryText(query, asked.search))
    const where = windowText(history.window, hostZone)
    if (!asked.json)
      await complain(
        hits.length === 0
          ? `no snapshot has ${shown} (${where}, ${index.length} snapshots)`
          : `${hits.length} of ${index.length} snapshots have ${shown} (${where})`,
      )
    for (const note of [...notes, ...(asked.json ? [] : failed)]) await complain(`note: ${note}`)
  } finally {
    history.close()
  }
}
