/** Whose a connection is: by the cgroup id of its socket, else by its process. */
import { expect, test } from "bun:test"
import { cgroupOf } from "../../../src/core/model/connections.ts"
import { cgroupAt } from "../../../src/core/proc/cgroup.ts"
import { connectionsOf } from "../../support/connections.ts"

const ROOT = 1
const SERVICE = 2
const CONTAINER = `docker/${"4f".repeat(32)}`

test.each([
  { name: "the id tells", id: SERVICE, pid: 7, unit: "nginx.service" },
  {
    name: "the id leads to the root, where a host with both versions leaves everybody",
    id: ROOT,
    pid: 7,
    unit: "docker/4f4f4f4f4f4f",
  },
  { name: "the id leads nowhere", id: 9, pid: 7, unit: "docker/4f4f4f4f4f4f" },
  { name: "neither the root nor the process tells", id: ROOT, pid: 8, unit: undefined },
])("$name", ({ id, pid, unit }) => {
  const connections = connectionsOf([{ process: "nginx", pid }])
  connections.table.cgroupId[0] = id
  const units = {
    byCgroupId: new Map([
      [ROOT, cgroupAt("/")],
      [SERVICE, cgroupAt("/system.slice/nginx.service")],
    ]),
    byPid: new Map([[7, cgroupAt(`/${CONTAINER}`)]]),
  }
  expect(cgroupOf({ ...connections, units }, 0)?.unit).toBe(unit as string)
  if (unit === undefined) expect(cgroupOf({ ...connections, units }, 0)?.path).toBe("/")
})
