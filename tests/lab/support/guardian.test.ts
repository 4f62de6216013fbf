import { afterEach, expect } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { requires } from "../../support/requirements.ts"
import { bootId, readSaved, stateFile, wayToHostNamespace } from "./host-settings.ts"
import { openKeeper } from "./keeper.ts"
import { linesOf } from "./lines.ts"

const way = process.getuid?.() === 0 ? wayToHostNamespace() : undefined
const needy = requires({
  root: true,
  tools: ["nsenter"],
  kernel: { has: way !== undefined, what: "way to the settings of the whole machine (a container)" },
})

/** It does no harm here: nothing on this machine has that many neighbours to forget. */
const SETTING = "gc_thresh1"
const now = async () => {
  const { stdout } = Bun.spawnSync([...(way ?? []), "cat", "/proc/sys/net/ipv4/neigh/default/gc_thresh1"])
  return stdout.toString().trim()
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within 5 s`)
    await Bun.sleep(10)
  }
}

/** A run that changed a setting and stays until it is killed; answers its pid and the guardian's. */
async function startRun(value: string) {
  const keeper = JSON.stringify(join(import.meta.dir, "keeper.ts"))
  const script = `
    const { openKeeper } = await import(${keeper})
    const keeper = await openKeeper()
    await keeper.set("${SETTING}", "${value}")
    console.log("changed")
    setInterval(() => {}, 1000)`
  const run = Bun.spawn([process.execPath, "-e", script], { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
  for await (const line of linesOf(run.stdout)) if (line === "changed") break
  return run
}

afterEach(() => expect(existsSync(stateFile)).toBe(false))

needy("a setting is put back when its run ends", async () => {
  const before = await now()
  const keeper = await openKeeper()
  await keeper.set(SETTING, "100")
  expect(await now()).toBe("100")
  await keeper.set(SETTING, "101")
  await keeper.restore()
  expect(await now()).toBe(before)
  await keeper.close()
})

needy("a setting is put back when its run is killed", async () => {
  const before = await now()
  const run = await startRun("102")
  expect(await now()).toBe("102")
  run.kill("SIGKILL")
  await until("the setting came back", async () => (await now()) === before && !existsSync(stateFile))
})

needy("a setting is put back by the next run when the guardian was killed as well", async () => {
  const before = await now()
  const run = await startRun("103")
  const saved = readSaved()
  expect(saved).toMatchObject({ bootId: bootId(), values: { [SETTING]: before } })
  process.kill(saved!.pid, "SIGKILL")
  run.kill("SIGKILL")
  await run.exited
  // A killed process is gone a moment after the call; until then the next run waits for it.
  await until("the guardian's end", () => !existsSync(`/proc/${saved!.pid}/exe`))
  expect(await now()).toBe("103")
  await (await openKeeper()).close()
  expect(await now()).toBe(before)
})

needy("two runs do not change the machine at the same time", async () => {
  const run = await startRun("104")
  const second = await openKeeper({ waitMs: 0 })
  const answer = await second.set(SETTING, "105").catch((error: Error) => error.message)
  run.kill("SIGKILL")
  expect(answer).toContain("another run")
  await until("the first run's guardian ended", () => !existsSync(stateFile))
})

needy("only settings that the lab knows, with values that look like one, are written", async () => {
  const keeper = await openKeeper()
  try {
    await expect(keeper.set("ip_forward" as "gc_thresh1", "1")).rejects.toThrow("no setting that the lab may change")
    await expect(keeper.set(SETTING, "1; reboot")).rejects.toThrow("is no value for gc_thresh1")
  } finally {
    await keeper.close()
  }
})
