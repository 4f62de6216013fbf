/** Interfaces: which there are, and which one to watch. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { missing, type Reading, reading } from "../core/sample/sample.ts"
import { harmless } from "../core/text/width.ts"

const FOLDER = "/sys/class/net"

/** Names of all interfaces, `lo` included. */
export async function listInterfaces(): Promise<Reading<readonly string[]>> {
  try {
    // With bonding loaded there is a file too, `bonding_masters`.
    return reading(readdirSync(FOLDER).filter((name) => statSync(`${FOLDER}/${name}`).isDirectory()))
  } catch (error) {
    return missing(`cannot list interfaces in ${FOLDER}: ${(error as NodeJS.ErrnoException).code}. Is /sys mounted?`)
  }
}

/** The interface that was asked for, or the one that leads out of this host; else the sentence to end with. */
export async function resolveInterface(asked: string | undefined): Promise<Reading<string>> {
  const names = await listInterfaces()
  if (!names.ok) return names
  if (asked !== undefined) {
    if (names.value.includes(asked)) return reading(asked)
    return missing(`interface ${harmless(asked)} does not exist. There are: ${names.value.map(harmless).join(", ")}`)
  }
  const name = routeOut() ?? names.value.find((candidate) => candidate !== "lo") ?? names.value[0]
  return name === undefined ? missing("this network namespace has no interface") : reading(name)
}

function routeOut(): string | undefined {
  try {
    const rows = readFileSync("/proc/net/route", "utf8").split("\n").slice(1)
    return rows.map((row) => row.split("\t")).find(([, target]) => target === "00000000")?.[0]
  } catch {
    return undefined
  }
}
