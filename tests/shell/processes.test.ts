/** The search for owners, over a made-up /proc: folders, files and links that lead nowhere. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findListeners } from "../../src/core/model/direction.ts"
import { linkPrevious } from "../../src/core/sample/link.ts"
import { createSocketTable, type SocketTable } from "../../src/core/sample/socket-table.ts"
import { DEAD_OWNERS_MAX } from "../../src/shell/owner-list.ts"
import { type OwnerFindings, OwnerSearch } from "../../src/shell/processes.ts"
import { fillTable, LISTEN, type SocketRow, TIME_WAIT } from "../support/socket-rows.ts"

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holyf-proc-"))
  addProcess(1, { name: "init" })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface MadeUp {
  readonly name?: string
  readonly startTime?: number
  readonly state?: string
  /** Inodes of the sockets it holds; descriptor numbers follow from the order. */
  readonly sockets?: readonly number[]
}

function addProcess(pid: number, { name = "program", startTime = pid, state = "S", sockets = [] }: MadeUp): void {
  mkdirSync(join(root, `${pid}/fd`), { recursive: true })
  const zeros = (count: number) => "0 ".repeat(count)
  writeFileSync(
    join(root, `${pid}/stat`),
    `${pid} (${name}) ${state} 1 ${zeros(15)}1 0 ${startTime} ${zeros(20)}\n`, // threads is field 20, start time 22
  )
  symlinkSync("/dev/null", join(root, `${pid}/fd/0`))
  symlinkSync("pipe:[77]", join(root, `${pid}/fd/1`))
  sockets.forEach((inode, i) => {
    symlinkSync(`socket:[${inode}]`, join(root, `${pid}/fd/${i + 3}`))
  })
}

const endProcess = (pid: number) => rmSync(join(root, `${pid}`), { recursive: true })

/** A row of processes that hold nothing of interest. */
function addCrowd(count: number): void {
  for (let pid = 1000; pid < 1000 + count; pid++) addProcess(pid, { name: "crowd" })
}

/** Looks at the made-up host again and again, as the collector does: two tables that take turns. */
function watch(budgetMs = 1000) {
  const search = new OwnerSearch(root)
  const tables = [createSocketTable(8), createSocketTable(8)]
  let looks = 0
  let last: OwnerFindings | undefined
  const look = async (rows: readonly SocketRow[]): Promise<OwnerFindings> => {
    const table = fillTable(tables[looks % 2]!, rows)
    const previous = looks === 0 ? undefined : tables[(looks + 1) % 2]!
    looks++
    linkPrevious(table, previous)
    last = await search.find(table, findListeners(table), { budgetMs, previous })
    return last
  }
  /** Looks, and says who holds each row: `12/nginx`, with `?` when unsure and `x3` when shared. */
  const names = async (rows: readonly SocketRow[]): Promise<string[]> => {
    const { owners } = await look(rows)
    const table = tables[(looks + 1) % 2]!
    return rows.map((_, row) => {
      const owner = owners[table.owner[row]!]
      if (owner === undefined) return "-"
      const shared = owner.sharerCount > 1 ? ` x${owner.sharerCount}` : ""
      return `${owner.pid}/${owner.name}${owner.isSure ? "" : "?"}${shared}`
    })
  }
  return { look, names, search, last: () => last! }
}

const socket = (inode: number, more: Partial<SocketRow> = {}): SocketRow => ({ cookie: inode, inode, ...more })

test("names the process of each socket; a socket nobody holds has no name", async () => {
  addProcess(20, { name: "curl", sockets: [101, 102] })
  addProcess(30, { name: "nginx", sockets: [103] })
  expect(await watch().names([socket(103), socket(101), socket(999), socket(102)])).toEqual([
    "30/nginx",
    "20/curl",
    "-",
    "20/curl",
  ])
})

test("a look in which every socket is known opens no folder and lists no process", async () => {
  addCrowd(20)
  addProcess(20, { name: "curl", sockets: [101, 102] })
  const { look, names } = watch()
  await look([socket(101), socket(102)])
  expect(await names([socket(102), socket(101)])).toEqual(["20/curl", "20/curl"])
  const { stats } = await look([socket(101), socket(102)])
  expect(stats).toMatchObject({ directoriesOpened: 0, descriptorsRead: 0, processesChecked: 1 })
})

test("finds the socket of a process that started since, and asks nobody else but the ones known to be busy", async () => {
  addCrowd(50)
  addProcess(20, { name: "curl", sockets: [101] })
  const { names, last } = watch()
  await names([socket(101)])
  addProcess(3000, { name: "wget", sockets: [102] })
  expect(await names([socket(101), socket(102)])).toEqual(["20/curl", "3000/wget"])
  expect(last().stats.directoriesOpened).toBe(2)
  addProcess(3001, { name: "wget", sockets: [103] })
  expect(await names([socket(101), socket(102), socket(103)])).toEqual(["20/curl", "3000/wget", "3001/wget"])
  expect(last().stats.directoriesOpened).toBe(3)
})

test("asks the owner of the listener first when a connection comes in", async () => {
  addCrowd(50)
  addProcess(40, { name: "nginx", sockets: [100] })
  const { names, last } = watch()
  const listener = socket(100, { state: LISTEN, local: "0.0.0.0:80", remote: "0.0.0.0:0" })
  await names([listener])
  symlinkSync("socket:[101]", join(root, "40/fd/9"))
  const accepted = socket(101, { local: "10.0.0.1:80" })
  expect(await names([listener, accepted])).toEqual(["40/nginx", "40/nginx"])
  expect(last().stats.directoriesOpened).toBe(1)
})

test("a later process with the same pid is another process", async () => {
  addProcess(20, { name: "curl", startTime: 500, sockets: [101] })
  const { names } = watch()
  await names([socket(101)])
  endProcess(20)
  addProcess(20, { name: "cron", startTime: 900 })
  expect(await names([socket(101)])).toEqual(["-"])
})

test("a process that runs another program gets its name", async () => {
  addProcess(20, { name: "sh", sockets: [101] })
  const { names, last } = watch()
  await names([socket(101)])
  const before = last().owners
  endProcess(20)
  addProcess(20, { name: "redis-server", sockets: [101] })
  expect(await names([socket(101)])).toEqual(["20/redis-server"])
  expect(last().stats.directoriesOpened).toBe(0)
  expect(before).toHaveLength(1) // the list on the screen did not change
})

test("a socket passed on before its process ended belongs to the one that has it now", async () => {
  addProcess(20, { name: "parent", sockets: [101] })
  const { names } = watch()
  expect(await names([socket(101)])).toEqual(["20/parent"])
  endProcess(20)
  addProcess(21, { name: "child", sockets: [101] })
  expect(await names([socket(101)])).toEqual(["21/child"])
})

test("a zombie holds nothing any more", async () => {
  addProcess(20, { name: "parent", sockets: [101] })
  const { names } = watch()
  await names([socket(101)])
  endProcess(20)
  addProcess(20, { name: "parent", state: "Z" })
  addProcess(21, { name: "child", sockets: [101] })
  expect(await names([socket(101)])).toEqual(["21/child"])
})

test("a shared socket belongs to the oldest, with the count of who was seen to hold it", async () => {
  // The pid does not tell who is older: pids start again from the beginning.
  addProcess(50, { name: "worker", startTime: 700, sockets: [100] })
  addProcess(60, { name: "master", startTime: 600, sockets: [100, 100] })
  addProcess(70, { name: "worker", startTime: 700, sockets: [100, 101] })
  const { names } = watch()
  const listener = socket(100, { state: LISTEN, local: "0.0.0.0:80", remote: "0.0.0.0:0" })
  expect(await names([listener, socket(101, { local: "10.0.0.1:80" })])).toEqual(["60/master x3", "70/worker"])
})

test("of those who share a connection the owner of its listener is shown, though another is older", async () => {
  addProcess(50, { name: "sidecar", startTime: 1, sockets: [101] })
  addProcess(60, { name: "server", startTime: 600, sockets: [100, 101] })
  const listener = socket(100, { state: LISTEN, local: "0.0.0.0:80", remote: "0.0.0.0:0" })
  // The third socket nobody holds, so that the search goes through everyone.
  const rows = [listener, socket(101, { local: "10.0.0.1:80" }), socket(999)]
  expect(await watch().names(rows)).toEqual(["60/server", "60/server x2", "-"])
})

test("sharers are counted, and the choice is the same, when the search takes many looks", async () => {
  addProcess(50, { name: "worker", startTime: 700, sockets: [100] })
  addCrowd(30)
  addProcess(2000, { name: "master", startTime: 600, sockets: [100] })
  const { names, last } = watch(0.001)
  const rows = [socket(100), socket(999)]
  let shown = await names(rows)
  let looks = 1
  for (; !last().isFinished; looks++) shown = await names(rows)
  expect(shown).toEqual(["2000/master x2", "-"])
  expect(looks).toBeGreaterThan(10)
})

test("goes on in the next look where the time ended, in the middle of a process too", async () => {
  const many = Array.from({ length: 2000 }, (_, i) => 10_000 + i)
  addProcess(20, { name: "proxy", sockets: many })
  const { look, names, last, search } = watch(0.001)
  const rows = many.map((inode) => socket(inode))
  const first = await look(rows)
  expect(first.isFinished).toBe(false)
  let read = first.stats.descriptorsRead
  for (let looks = 1; !last().isFinished; looks++) {
    expect(looks).toBeLessThan(200)
    read += (await look(rows)).stats.descriptorsRead
  }
  expect(new Set(await names(rows))).toEqual(new Set(["20/proxy"]))
  // Nothing was read twice: its own descriptors and those of process 1.
  expect(read).toBeLessThanOrEqual(2000 + 4)
  search.close()
})

test("a socket that nobody holds is looked for ever more rarely", async () => {
  addCrowd(40)
  const { look } = watch()
  const opened: number[] = []
  for (let i = 0; i < 256; i++) opened.push((await look([socket(999)])).stats.directoriesOpened)
  expect(opened[0]).toBe(41) // everyone was asked once
  const searches = opened.filter((count) => count > 0).length
  expect(searches).toBeLessThanOrEqual(10)
  // And again in the end: it may have been passed to somebody we can read.
  expect(opened.slice(100).some((count) => count > 0)).toBe(true)
})

test("is found after all when somebody gets hold of it later", async () => {
  const { look, names } = watch()
  for (let i = 0; i < 20; i++) await look([socket(999)])
  addProcess(20, { name: "late", sockets: [999] })
  let shown = ""
  for (let i = 0; i < 64 && shown !== "20/late"; i++) shown = (await names([socket(999)]))[0]!
  expect(shown).toBe("20/late")
})

test("sockets that are gone before we look do not send us through every process each time", async () => {
  addCrowd(40)
  const { look } = watch()
  let opened = 0
  await look([socket(1)])
  for (let i = 0; i < 128; i++) opened += (await look([socket(5000 + i)])).stats.directoriesOpened
  // Every eighth look at most once it is seen to be in vain, and a few more before that.
  expect(opened).toBeLessThan((128 / 8 + 8) * 41)
})

test("a new socket is found although a search for another goes on in vain", async () => {
  addCrowd(40)
  addProcess(40, { name: "nginx", sockets: [100] })
  const { names, look, last } = watch(0.001)
  const listener = socket(100, { state: LISTEN, local: "0.0.0.0:80", remote: "0.0.0.0:0" })
  await look([listener])
  while (!last().isFinished) await look([listener])
  const rows = [listener, socket(999, { local: "10.0.0.1:4000" })]
  for (let i = 0; i < 5; i++) await look(rows)
  symlinkSync("socket:[101]", join(root, "40/fd/9"))
  const more = [...rows, socket(101, { local: "10.0.0.1:80" })]
  let shown = await names(more)
  for (let looks = 1; shown[2] === "-"; looks++) {
    expect(looks).toBeLessThan(200)
    shown = await names(more)
  }
  expect(shown).toEqual(["40/nginx", "-", "40/nginx"])
})

test("TIME_WAIT belongs to who had the connection in the look before, and keeps that name", async () => {
  addProcess(20, { name: "curl", sockets: [101] })
  const { names } = watch()
  const ends = { local: "10.0.0.1:5000", remote: "10.0.0.2:443" }
  await names([socket(101, ends)])
  endProcess(20)
  const left = { cookie: 7777, state: TIME_WAIT, ...ends }
  expect(await names([left])).toEqual(["20/curl?"])
  expect(await names([left])).toEqual(["20/curl?"])
})

test("a connection waiting to be accepted is its listener's until somebody takes it", async () => {
  addProcess(40, { name: "master", sockets: [100] })
  const { names } = watch()
  const listener = socket(100, { state: LISTEN, local: "0.0.0.0:80", remote: "0.0.0.0:0" })
  expect(await names([listener, { cookie: 5, inode: 0, local: "10.0.0.1:80" }])).toEqual(["40/master", "40/master?"])
  addProcess(41, { name: "worker", sockets: [105] })
  expect(await names([listener, { cookie: 5, inode: 105, local: "10.0.0.1:80" }])).toEqual(["40/master", "41/worker"])
})

test("a number of an inode that is used again does not bring its old owner back", async () => {
  addProcess(20, { name: "curl", sockets: [101] })
  const { names } = watch()
  await names([{ cookie: 1, inode: 101 }])
  endProcess(20)
  addProcess(21, { name: "wget", sockets: [101] })
  expect(await names([{ cookie: 2, inode: 101 }])).toEqual(["21/wget"])
})

test("says that root is needed only when a name is missing for that reason", async () => {
  addProcess(20, { name: "curl", sockets: [101] })
  // Links that cannot be read, as those of other users: here because they are no links.
  mkdirSync(join(root, "30/fd"), { recursive: true })
  writeFileSync(join(root, "30/stat"), `30 (secret) S 1 ${"0 ".repeat(15)}1 0 30 0 0\n`)
  writeFileSync(join(root, "30/fd/3"), "")
  const { look } = watch()
  expect((await look([socket(101)])).note).toBeUndefined()
  expect((await look([socket(101), socket(900)])).note).toBe(
    "some process names are missing: reading every process needs root with CAP_SYS_PTRACE",
  )
  // Still true in looks that do not search.
  expect((await look([socket(101), socket(900)])).note).toBe(
    "some process names are missing: reading every process needs root with CAP_SYS_PTRACE",
  )
  expect((await look([socket(101)])).note).toBeUndefined()
})

describe("with CAP_SYS_PTRACE, a process that may not be read is named, since more rights would not help", () => {
  const refuse = (pid: number, name: string) => {
    mkdirSync(join(root, `${pid}/fd`), { recursive: true })
    writeFileSync(join(root, `${pid}/stat`), `${pid} (${name}) S 1 ${"0 ".repeat(15)}1 0 ${pid} 0 0\n`)
    writeFileSync(join(root, `${pid}/fd/3`), "")
  }
  const haveCapabilities = (effective: string, uidMap = "         0          0 4294967295\n") => {
    mkdirSync(join(root, "self"))
    writeFileSync(join(root, "self/uid_map"), uidMap)
    writeFileSync(join(root, "self/status"), `Name:\tholyf-network\nCapPrm:\tffff\nCapEff:\t${effective}\nCapBnd:\t0\n`)
  }

  test("one, and several by the first", async () => {
    haveCapabilities("000001fffeffffff")
    refuse(30, "sandboxed")
    const { look } = watch()
    expect((await look([socket(900)])).note).toBe(
      "some process names are missing: process 30 (sandboxed) may not be read, not even with CAP_SYS_PTRACE",
    )
    refuse(29, "enclave")
    refuse(31, "third")
    expect((await watch().look([socket(900)])).note).toBe(
      "some process names are missing: process 29 (enclave) and 2 others may not be read, not even with CAP_SYS_PTRACE",
    )
  })

  test("every capability but this one is not enough", async () => {
    haveCapabilities("000001fffff7ffff")
    refuse(30, "sandboxed")
    expect((await watch().look([socket(900)])).note).toContain("needs root with CAP_SYS_PTRACE")
  })

  test("root of a user namespace is told what it is", async () => {
    haveCapabilities("000001ffffffffff", "         0          0          1\n")
    refuse(30, "outside")
    expect((await watch().look([socket(900)])).note).toBe(
      "some process names are missing: reading every process needs root outside this user namespace",
    )
  })

  test("one that has ended is no reason any more", async () => {
    haveCapabilities("0000000000080000")
    refuse(30, "sandboxed")
    const { look } = watch()
    expect((await look([socket(900)])).note).toContain("process 30 (sandboxed)")
    endProcess(30)
    expect((await look([socket(900), socket(901)])).note).toBeUndefined()
  })
})

test("a /proc that hides the processes of others is noticed by the missing process 1", async () => {
  endProcess(1)
  addProcess(20, { name: "curl", sockets: [101] })
  expect((await watch().look([socket(101), socket(900)])).note).toBe(
    "some process names are missing: reading every process needs root with CAP_SYS_PTRACE",
  )
})

test("a socket that nobody holds is no reason for a note when everything could be read", async () => {
  addProcess(20, { name: "curl", sockets: [101] })
  expect((await watch().look([socket(101), socket(900)])).note).toBeUndefined()
})

test("no procfs at all is a note, and is noticed when it comes", async () => {
  renameSync(root, `${root}-away`)
  const { look, names } = watch()
  expect((await look([socket(101)])).note).toBe(
    `process names are missing: cannot list ${root} (ENOENT). Is procfs mounted?`,
  )
  mkdirSync(root)
  expect((await look([socket(101)])).note).toContain("Is procfs mounted?")
  rmSync(root, { recursive: true })
  renameSync(`${root}-away`, root)
  addProcess(20, { name: "curl", sockets: [101] })
  await look([socket(101)])
  await look([socket(101)])
  expect(await names([socket(101)])).toEqual(["20/curl"])
})

/** Looks with tables of its own, so that a test can lose one. */
function watchLoosely() {
  const search = new OwnerSearch(root)
  return async (rows: readonly SocketRow[], previous?: SocketTable) => {
    const table = fillTable(createSocketTable(8), rows)
    linkPrevious(table, previous)
    const { owners } = await search.find(table, findListeners(table), { budgetMs: 1000, previous })
    return { table, owners, names: rows.map((_, row) => owners[table.owner[row]!]?.name ?? "-") }
  }
}

test("a look in between that was lost costs no name and invents none", async () => {
  addProcess(20, { name: "curl", sockets: [101] })
  addProcess(30, { name: "wget", sockets: [102] })
  const find = watchLoosely()
  const first = await find([socket(101), socket(102)])
  endProcess(30)
  await find([socket(101), socket(102)], first.table) // its sample never arrived
  expect((await find([socket(102), socket(101)], first.table)).names).toEqual(["-", "curl"])
})

test("a program that runs for months does not keep every process it ever saw", async () => {
  const find = watchLoosely()
  // Steady is not the first owner there was, so that its number changes when the first one is forgotten.
  addProcess(2, { name: "early", sockets: [49] })
  addProcess(3, { name: "steady", sockets: [50] })
  let before = await find([socket(50), socket(49)], (await find([socket(49)])).table)
  let onScreen = JSON.stringify(before.owners)
  for (let i = 0; ; i++) {
    expect(i).toBeLessThan(DEAD_OWNERS_MAX + 10)
    const pid = 5000 + i
    addProcess(pid, { name: `job-${i}`, sockets: [100_000 + i] })
    const now = await find([socket(50), socket(100_000 + i)], before.table)
    expect(now.names).toEqual(["steady", `job-${i}`])
    expect(JSON.stringify(before.owners)).toBe(onScreen)
    if (now.owners.length < before.owners.length) {
      expect(now.owners).toHaveLength(2)
      expect((await find([socket(50)], now.table)).names).toEqual(["steady"])
      // A table from before the owners were numbered anew, because the look in between was lost.
      expect((await find([socket(50)], before.table)).names).toEqual(["steady"])
      return
    }
    endProcess(pid)
    before = now
    onScreen = JSON.stringify(before.owners)
  }
}, 30_000)

test("a search stops as soon as nothing is wanted, in the middle of a process too", async () => {
  addProcess(20, { name: "proxy", sockets: Array.from({ length: 1000 }, (_, i) => 101 + i) })
  addCrowd(20)
  const { look } = watch()
  const { stats } = await look([socket(101), socket(102)])
  expect(stats.directoriesOpened).toBe(2) // process 1 and this one
  expect(stats.descriptorsRead).toBeLessThan(1000)
})

test("whoever a walk did not get to is asked by the next one", async () => {
  addCrowd(5)
  const { look, names } = watch()
  await look([socket(900)])
  await look([socket(900)])
  await look([socket(900), socket(901)])
  // Two processes are new. The first has what the walk over new processes is for, so the second is not asked there.
  addProcess(2000, { name: "first", sockets: [101] })
  addProcess(2001, { name: "second", sockets: [901] })
  expect(await names([socket(901), socket(101)])).toEqual(["2001/second", "2000/first"])
})
