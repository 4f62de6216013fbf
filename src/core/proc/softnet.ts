/** What each CPU did with received packets: /proc/net/softnet_stat (net/core/net-procfs.c), hexadecimal. */
import type { SoftnetCpu } from "../sample/sample.ts"
import { parseHex, words } from "./number.ts"

const PROCESSED = 0
const DROPPED = 1
const TIME_SQUEEZE = 2
/** Since Linux 5.10. Before, the row number is the best there is: a CPU that is offline has no row. */
const CPU = 12

/** Reads one row a CPU. A row with a value that is no number is left out, since it would be missed in every sum. */
export function parseSoftnet(text: string): readonly SoftnetCpu[] {
  return text.split("\n").flatMap((line, row) => {
    const columns = words(line)
    const processed = parseHex(columns[PROCESSED])
    const dropped = parseHex(columns[DROPPED])
    const timeSqueeze = parseHex(columns[TIME_SQUEEZE])
    const cpu = columns.length > CPU ? parseHex(columns[CPU]) : row
    if (processed === undefined || dropped === undefined || timeSqueeze === undefined || cpu === undefined) return []
    return [{ cpu, processed, dropped, timeSqueeze }]
  })
}
