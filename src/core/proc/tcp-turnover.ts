/** How many TCP connections a namespace opens and holds, out of /proc/net/snmp. */

/** The `Tcp` pair of lines, names above values; `undefined` when it is not there or lacks one of the three. */
export function parseTcpTurnover(
  text: string,
): { activeOpens: number; passiveOpens: number; established: number } | undefined {
  const [names, values] = text
    .split("\n")
    .filter((line) => line.startsWith("Tcp:"))
    .map((line) => line.split(" "))
  const value = (name: string) => Number(values?.[names?.indexOf(name) ?? -1])
  const turnover = {
    activeOpens: value("ActiveOpens"),
    passiveOpens: value("PassiveOpens"),
    established: value("CurrEstab"),
  }
  return Object.values(turnover).every(Number.isFinite) ? turnover : undefined
}
