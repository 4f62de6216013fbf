import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { closeFd } from "../../ffi/libc.ts"
import { type NamespacePlace, openFileIn, openSocketIn, WrongNamespace } from "../../ffi/namespace.ts"
import { createSocketTable } from "../../src/core/sample/socket-table.ts"
import { namespaceIdAt, readTextIn } from "../../src/shell/kernel/network-namespaces.ts"
import { listSocketsOf } from "../../src/shell/kernel/sockets.ts"
import { NamespaceList } from "../../src/shell/namespaces.ts"
import { describeInNamespace } from "./namespace.ts"

const run = (...words: string[]) => {
  const { exitCode, stderr } = Bun.spawnSync(words, { stderr: "pipe" })
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`)
}
const here = () => readlinkSync("/proc/thread-self/ns/net")
/** The namespace of every thread of this process. */
const threads = () =>
  new Set(readdirSync("/proc/self/task").map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`)))

const BLUE = "/run/netns/blue"
const devices = () => [...readdirSync("/sys/class/net")]

describeInNamespace("network namespaces", import.meta.path, () => {
  let home = ""
  beforeAll(() => {
    run("ip", "link", "set", "lo", "up")
    run("ip", "netns", "add", "blue")
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", "blue")
    home = here()
  })
  afterAll(() => run("ip", "netns", "del", "blue"))

  /** A file that tells where it was opened. */
  const opened = (place: NamespacePlace) => {
    const fd = openFileIn(place, "/proc/thread-self/net/dev")
    const text = readFileSync(fd, "utf8")
    closeFd(fd)
    return text
  }

  describe("one system call inside another namespace", () => {
    test("is made there, and then we are home", () => {
      expect(opened({ path: BLUE })).toContain(" v1:")
      expect(here()).toBe(home)
      expect(readFileSync("/proc/thread-self/net/dev", "utf8")).toContain(" v0:")
    })

    test("that fails leaves us home, with its errno", () => {
      expect(() => openFileIn({ path: BLUE }, "/proc/thread-self/net/nothing")).toThrow("openat: ENOENT")
      expect(() => openSocketIn({ path: BLUE }, 16, 3, 999)).toThrow("socket: EPROTONOSUPPORT")
      expect(here()).toBe(home)
    })

    test("leaves every thread of the program home, those that the runtime starts meanwhile included", async () => {
      const workers = Array.from(
        { length: 3 },
        () => new Worker("setInterval(() => { let x = 0; for (let i = 0; i < 1e5; i++) x += i }, 1)", { eval: true }),
      )
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("online", resolve))))
      for (let i = 0; i < 20_000; i++) {
        closeFd(openSocketIn({ path: BLUE }, 16, 3, 4))
        if (i % 500 === 0) {
          await Bun.sleep(0)
          expect(threads()).toEqual(new Set([home]))
        }
      }
      await Promise.all(workers.map((worker) => worker.terminate()))
      expect(threads()).toEqual(new Set([home]))
    }, 20_000)

    test.each([
      { name: "no file", place: { path: "/run/netns/nothing" }, error: "open: ENOENT" },
      { name: "a file that is no namespace", place: { path: "/etc/hostname" }, error: "setns: EINVAL" },
      { name: "a namespace of another kind", place: { path: "/proc/self/ns/uts" }, error: "setns: EINVAL" },
      { name: "a name with a NUL", place: { path: "/run/netns/a\0b" }, error: "NUL" },
    ])("is not made when there is $name", ({ place, error }) => {
      expect(() => opened(place)).toThrow(error)
      expect(here()).toBe(home)
    })

    test("is not made in another namespace than the one that was meant", () => {
      expect(() => opened({ path: BLUE, inode: namespaceIdAt(BLUE)! + 1 })).toThrow(WrongNamespace)
      expect(opened({ path: BLUE, inode: namespaceIdAt(BLUE)! })).toContain(" v1:")
    })

    test("leaks no descriptor, and what it opens no child inherits", () => {
      const count = () => readdirSync("/proc/self/fd").length
      opened({ path: BLUE })
      const before = count()
      for (let i = 0; i < 50; i++) {
        opened({ path: BLUE })
        expect(() => opened({ path: BLUE, inode: 1 })).toThrow()
      }
      expect(count()).toBe(before)
      const fd = openSocketIn({ path: BLUE }, 16, 3, 4)
      expect(Bun.spawnSync(["test", "-e", `/proc/self/fd/${fd}`]).exitCode).toBe(1)
      closeFd(fd)
    })

    test("ends the program when the way back is closed", async () => {
      const script = `
        import { callInside } from "${import.meta.dir}/../../ffi/namespace.ts"
        import { openFile } from "${import.meta.dir}/../../ffi/libc.ts"
        callInside({ target: openFile("${BLUE}"), home: 9999, call: "socket", words: [16, 3, 4] })
        console.log("went on")
      `
      const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" })
      const said = await new Response(child.stdout).text()
      await child.exited
      expect(said).toBe("")
      expect(child.signalCode).toBe("SIGABRT")
    })
  })

  test("text is read as it is inside, with no process there", () => {
    const blue = { id: namespaceIdAt(BLUE)!, name: "blue", path: BLUE }
    expect(readTextIn(blue, "/proc/thread-self/net/dev")).toContain(" v1:")
    expect(readTextIn({ id: 0, name: "host" }, "/proc/thread-self/net/dev")).toContain(" v0:")
    const range = "/proc/sys/net/ipv4/ip_local_port_range"
    run("ip", "netns", "exec", "blue", "sh", "-c", `echo "20000 20100" > ${range}`)
    expect(readTextIn(blue, range)).toBe("20000\t20100\n")
    expect(readTextIn({ id: 0, name: "host" }, range)).not.toBe("20000\t20100\n")
    expect(devices()).not.toContain("v1")
  })

  test("a refusal to enter is one line", () => {
    const gone = { id: 5, name: "a\nb", path: BLUE }
    expect(() => readTextIn(gone, "/proc/thread-self/net/dev")).toThrow(
      `cannot read /proc/thread-self/net/dev in network namespace "a\\nb": ${BLUE} is no longer network namespace 5`,
    )
  })

  test("a socket that is opened in a namespace answers for it", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 8090, socket: { data() {} } })
    const listen = "Bun.listen({ hostname: '0.0.0.0', port: 8091, socket: { data() {} } }); console.log('ready')"
    const inside = Bun.spawn(["ip", "netns", "exec", "blue", process.execPath, "-e", listen], { stdout: "pipe" })
    await inside.stdout.getReader().read()
    const table = createSocketTable()
    const { namespaces, notes, rows } = await listSocketsOf(table, [
      { id: 1, name: "host" },
      undefined,
      { id: namespaceIdAt(BLUE)!, name: "blue", path: BLUE },
      { id: 7, name: "gone", path: "/run/netns/gone" },
      { id: 7, name: "another", path: BLUE },
    ])
    expect(namespaces.map(({ isComplete }) => isComplete)).toEqual([true, false, true, false, false])
    // What went between two looks is no news.
    expect(notes).toEqual([])
    const own = table.length - 1
    expect(rows).toEqual([
      { from: 0, to: own },
      { from: own, to: own },
      { from: own, to: own + 1 },
      { from: own + 1, to: own + 1 },
      { from: own + 1, to: own + 1 },
    ])
    expect([table.namespace[own], table.localPort[own]]).toEqual([2, 8091])
    server.stop(true)
    inside.kill()
    await inside.exited
  })

  test("a namespace that comes or goes is noticed within two looks, by name or by process", async () => {
    const list = new NamespaceList({ unitOf: (pid) => (pid === child?.pid ? "web.service" : undefined) })
    let child: Bun.Subprocess | undefined
    const names = () => list.look().map((slot) => slot?.name)
    expect(names()[0]).toBe("host")
    expect(names().filter(Boolean).sort()).toEqual(["blue", "host"])
    run("ip", "netns", "add", "green")
    names()
    const withGreen = names()
    const index = withGreen.indexOf("green")
    expect(index).toBeGreaterThan(0)
    child = Bun.spawn(["unshare", "--net", "sleep", "60"])
    while (readlinkSync(`/proc/${child.pid}/ns/net`) === home) await Bun.sleep(5)
    names()
    expect(names()).toContain("web.service")
    run("ip", "netns", "del", "green")
    child.kill()
    await child.exited
    names()
    expect(names().filter(Boolean).sort()).toEqual(["blue", "host"])
    expect(names()[index]).toBeUndefined()
  })

  test("a process that moves to another namespace is noticed within two looks", async () => {
    const list = new NamespaceList()
    const child = Bun.spawn(["sh", "-c", "read line; exec unshare --net sleep 60"], { stdin: "pipe" })
    list.look()
    list.look()
    child.stdin.write("go\n")
    child.stdin.flush()
    while (readlinkSync(`/proc/${child.pid}/ns/net`) === home) await Bun.sleep(5)
    list.look()
    const id = namespaceIdAt(`/proc/${child.pid}/ns/net`)!
    expect(list.look().some((slot) => slot?.id === id && slot.name === `net:[${id}]`)).toBe(true)
    child.kill()
    await child.exited
  })

  test("a namespace keeps its index while it is there, and its name's way in outlives a process", () => {
    const list = new NamespaceList()
    const first = list.look()
    run("ip", "netns", "add", "aaa")
    list.look()
    const second = list.look()
    for (const [index, slot] of first.entries()) expect(second[index]).toEqual(slot!)
    run("ip", "netns", "del", "aaa")
  })
})
