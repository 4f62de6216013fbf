/** Units from folders that look like a host's. */
import { afterAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Owner } from "../../src/core/sample/owners.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"
import { UnitNames } from "../../src/shell/look/units.ts"
import { owner } from "../support/connections.ts"
import { requires } from "../support/requirements.ts"
import { tableOf } from "../support/sockets.ts"

const root = mkdtempSync(join(tmpdir(), "holyf-units-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A mount of cgroup v2 with these groups; answers the id of each. */
function mount(name: string, groups: readonly string[]): { folder: string; idOf: (group: string) => number } {
  const folder = join(root, name)
  mkdirSync(folder)
  for (const group of groups) mkdirSync(join(folder, group), { recursive: true })
  writeFileSync(join(folder, "cgroup.controllers"), "cpu memory\n")
  return { folder, idOf: (group) => statSync(join(folder, group)).ino }
}

/** A /proc in which each process tells its cgroup. */
function proc(name: string, texts: Readonly<Record<number, string>>): string {
  const folder = join(root, name)
  for (const [pid, text] of Object.entries(texts)) {
    mkdirSync(join(folder, pid), { recursive: true })
    writeFileSync(join(folder, pid, "cgroup"), text)
  }
  return folder
}

const sockets = (ids: readonly number[], owners: readonly number[] = []) => {
  const table = tableOf(ids.map((id) => ({ cgroupId: BigInt(id) })))
  owners.forEach((number, row) => {
    table.owner[row] = number
  })
  return table
}

test("the id of a socket names its unit", async () => {
  const { folder, idOf } = mount("v2", ["system.slice/nginx.service", "system.slice/sshd.service"])
  const units = new UnitNames({ proc: proc("none", {}), mounts: [join(root, "not-there"), folder] })
  const id = idOf("system.slice/nginx.service")
  const { byCgroupId } = await units.look(sockets([id]), [])
  expect(byCgroupId.get(id)).toEqual({ path: "/system.slice/nginx.service", unit: "nginx.service" })
})

test("a unit that starts later is found by one more walk, and an id of none causes one walk only", async () => {
  const { folder, idOf } = mount("later", ["a.service"])
  const units = new UnitNames({ proc: proc("none", {}), mounts: [folder] })
  const first = await units.look(sockets([idOf("a.service")]), [])
  mkdirSync(join(folder, "b.service"))
  const second = await units.look(sockets([idOf("b.service"), 4_294_967_295]), [])
  expect(second.byCgroupId.get(idOf("b.service"))?.unit).toBe("b.service")
  // What was handed out stays as it was.
  expect(first.byCgroupId.has(idOf("b.service"))).toBe(false)
  const third = await units.look(sockets([idOf("b.service"), 4_294_967_295]), [])
  expect(third.byCgroupId).toBe(second.byCgroupId)
})

test("where the id leads only to the root the process is asked, once", async () => {
  const { folder, idOf } = mount("hybrid", [])
  const folders = proc("hybrid-proc", { 7: "9:name=systemd:/system.slice/old.service\n0::/\n" })
  const units = new UnitNames({ proc: folders, mounts: [folder] })
  const owners: Owner[] = [owner("old", 7)]
  const table = sockets([idOf(".")], [0])
  expect((await units.look(table, owners)).byPid.get(7)?.unit).toBe("old.service")
  rmSync(join(folders, "7"), { recursive: true })
  expect((await units.look(table, owners)).byPid.get(7)?.unit).toBe("old.service")
  // Another process has the pid now.
  expect((await units.look(table, [{ ...owner("new", 7), startTime: 2 }])).byPid.get(7)).toBeUndefined()
})

test("only a container gives a network namespace its name", () => {
  const id = "c".repeat(64)
  const units = new UnitNames({ proc: proc("named", { 8: `0::/docker/${id}\n`, 9: "0::/system.slice/x.service\n" }) })
  expect([8, 9, 10].map((pid) => units.containerOf(pid))).toEqual(["docker/cccccccccccc", undefined, undefined])
})

const unified = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((folder) => {
  try {
    mkdirSync(`${folder}/holyf-test-probe`)
    rmdirSync(`${folder}/holyf-test-probe`)
    return statSync(`${folder}/cgroup.controllers`).isFile()
  } catch {
    return false
  }
})

requires({ root: true, kernel: { has: unified !== undefined, what: "a cgroup v2 that may be changed" } })(
  "a real cgroup gives its sockets' unit",
  async () => {
    const folder = `${unified}/holyf-test-${process.pid}.service`
    mkdirSync(folder)
    const script = `
      await Bun.write("${folder}/cgroup.procs", String(process.pid))
      console.log(Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }).port)`
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" })
    try {
      const { value } = await child.stdout.getReader().read()
      const port = Number(new TextDecoder().decode(value))
      const table = createSocketTable()
      await listSockets(table)
      const row = table.localPort.indexOf(port)
      const { byCgroupId } = await new UnitNames({ mounts: [unified!] }).look(table, [])
      expect(byCgroupId.get(table.cgroupId[row]!)?.unit).toBe(`holyf-test-${process.pid}.service`)
    } finally {
      child.kill("SIGKILL")
      await child.exited
      rmdirSync(folder)
    }
  },
)
