/** Whose a port is, among real network namespaces, with cgroups laid out as a node's. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdirSync, readdirSync, readlinkSync, rmdirSync } from "node:fs"
import net from "node:net"
import { AF_INET, bodyAt, diagMessage, IPPROTO_TCP, writeSocketDump } from "../../src/core/wire/inet-diag.ts"
import { openSockets } from "../../src/shell/kernel/peer-sockets.ts"
import { lookUpPort } from "../../src/shell/pods/lookup.ts"
import { CONTAINER_ID, POD_UID } from "../support/port-lookups.ts"
import { requires } from "../support/requirements.ts"
import { command } from "../support/source-program.ts"
import { describeInNamespace } from "./namespace.ts"
import { CONTAINER, HOST, openNatWorld, PUBLISHED } from "./nat-world.ts"

const PORT = 8180

/** Where groups of cgroup v2 may be made, when they may. */
const mount = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((folder) => {
  try {
    mkdirSync(`${folder}/holyf-pods-probe`)
    rmdirSync(`${folder}/holyf-pods-probe`)
    return readdirSync(folder).includes("cgroup.controllers")
  } catch {
    return false
  }
})
const withCgroups = requires({
  root: true,
  kernel: { has: mount !== undefined, what: "a cgroup v2 that may be changed" },
})

const run = (...words: string[]) => {
  const { exitCode, stderr } = Bun.spawnSync(words, { stderr: "pipe" })
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`)
}

describeInNamespace(
  "pods",
  import.meta.path,
  () => {
    const top = `${mount}/holyf-pods-${process.pid}`
    const slice = `kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_UID.replaceAll("-", "_")}.slice`
    const children: Bun.Subprocess[] = []
    let client: net.Socket | undefined

    /** Listens in a namespace, from inside a cgroup where one is given; answers its pid. */
    async function serve(namespace: string, cgroup?: string): Promise<number> {
      const join = cgroup === undefined ? "" : `await Bun.write("${cgroup}/cgroup.procs", String(process.pid));`
      const script = `${join}
      Bun.listen({ hostname: "0.0.0.0", port: ${PORT}, socket: { data() {} } }); console.log("ready")`
      const child = Bun.spawn(["nsenter", `--net=/run/netns/${namespace}`, process.execPath, "-e", script], {
        stdout: "pipe",
        stderr: "ignore",
      })
      children.push(child)
      const { value } = await child.stdout.getReader().read()
      expect(new TextDecoder().decode(value)).toBe("ready\n")
      return child.pid
    }

    beforeAll(() => {
      run("ip", "link", "set", "lo", "up")
      for (const [i, name] of ["cni-1", "blue"].entries()) {
        run("ip", "netns", "add", name)
        run("ip", "link", "add", `v${i}`, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "addr", "add", `10.8.${i}.1/24`, "dev", `v${i}`)
        run("ip", "link", "set", `v${i}`, "up")
        run("ip", "-n", name, "addr", "add", `10.8.${i}.2/24`, "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
      }
    })
    afterAll(async () => {
      client?.destroy()
      for (const child of children) {
        child.kill("SIGKILL")
        await child.exited
      }
      const folders = slice.split("/").map((_, i, all) => all.slice(0, i + 1).join("/"))
      for (const folder of [`${slice}/cri-containerd-${CONTAINER_ID}.scope`, ...folders.toReversed(), ""])
        try {
          rmdirSync(`${top}/${folder}`)
        } catch {
          // It was not made.
        }
    })

    test("in every namespace, those that listen before the one that connects; a port with nobody on it", async () => {
      const pid = await serve("blue")
      client = net.connect(PORT, "10.8.1.2")
      await new Promise((ready) => client!.once("connect", ready))
      const { users, isComplete, namespaceCount } = await lookUpPort(PORT)
      expect(
        users.map(({ match, process, netns, connectionCount }) => [match, process?.pid, netns.name, connectionCount]),
      ).toEqual([
        ["listens", pid, "blue", 1],
        ["remote", process.pid, "host", 1],
      ])
      expect([isComplete, namespaceCount]).toEqual([true, 3])
      const nobody = await lookUpPort(9)
      expect([nobody.users, nobody.isComplete, nobody.notes]).toEqual([[], true, []])
    })

    test("the kernel itself leaves out what has the port at neither end", async () => {
      using conversation = openSockets()
      const seen: (readonly [local: number, remote: number])[] = []
      const ask = { family: AF_INET, protocol: IPPROTO_TCP, isBare: true } as const
      const count = async (filter: { readonly eitherPort?: number }) => {
        seen.length = 0
        await conversation.dump(
          "list sockets",
          (sequence) => writeSocketDump({ ...ask, sequence, filter }),
          (data, at, end) => {
            const { localPort, remotePort } = diagMessage.read(data.bytes.subarray(bodyAt(at), end), "socket")
            seen.push([localPort, remotePort])
          },
        )
        return seen.length
      }
      const other = net.createServer().listen(PORT + 1, "127.0.0.1")
      await new Promise((ready) => other.once("listening", ready))
      const all = await count({})
      expect(await count({ eitherPort: PORT })).toBe(1)
      expect(seen).toEqual([[client!.localPort!, PORT]])
      expect(await count({ eitherPort: client!.localPort! })).toBe(1)
      expect(all).toBeGreaterThan(1)
      other.close()
    })

    withCgroups("a pod's container, by the cgroup of its process", async () => {
      const cgroup = `${top}/${slice}/cri-containerd-${CONTAINER_ID}.scope`
      mkdirSync(cgroup, { recursive: true })
      const pid = await serve("cni-1", cgroup)
      const { users } = await lookUpPort(PORT)
      const user = users.find(({ netns }) => netns.name === "cni-1")
      expect([user?.process?.pid, user?.cgroup?.container, user?.match]).toEqual([
        pid,
        { engine: "cri-containerd", id: CONTAINER_ID, podUid: POD_UID },
        "listens",
      ])
    })

    test("as a command: text, JSON and the exit codes", () => {
      const pods = (...words: string[]) => {
        const { stdout, stderr, exitCode } = Bun.spawnSync(command(["pods", ...words]), {
          stdout: "pipe",
          stderr: "pipe",
        })
        return { said: stdout.toString(), stderr: stderr.toString(), exitCode }
      }
      const text = pods("--port", String(PORT))
      expect(text.said).toContain(`(${children[0]!.pid}) listens on tcp 0.0.0.0:${PORT}`)
      expect(text.exitCode).toBe(0)
      const { users, found } = JSON.parse(pods("--port", String(PORT), "--json").said)
      expect([found, users.at(-1).match, users.at(-1).pid]).toEqual([true, "remote", process.pid])
      const nobody = pods("--port", "9")
      expect([nobody.said, nobody.stderr, nobody.exitCode]).toEqual([
        "nobody listens on port 9 or uses it, in 3 network namespaces\n",
        "",
        3,
      ])
    })

    test("a port that this host translates leads to the one that listens behind it", async () => {
      const world = await openNatWorld()
      try {
        world.translate()
        const sending = await world.send("client", "tcp", { address: HOST.outside, port: PUBLISHED }, 1_000)
        const { users } = await lookUpPort(PUBLISHED)
        expect(users.map(({ match, published, connectionCount }) => [match, published, connectionCount])).toEqual([
          ["published", { address: CONTAINER.v4, port: 80 }, 1],
          ["remote", undefined, 1],
        ])
        // Behind it is the one that listens in the container, and nobody else with a port 80.
        const [behind] = users
        expect(behind?.netns.name).not.toBe("host")
        expect(readlinkSync(`/proc/${behind?.process?.pid}/ns/net`)).toBe(`net:[${behind?.netns.id}]`)
        await sending.close()
      } finally {
        world.close()
      }
    })

    test("for a user who may see little it says that more may be hidden", () => {
      // Loading the sources needs no right; what is read of the host is what everybody may read.
      const script = `
      import { AF_INET, bodyAt, diagMessage, IPPROTO_TCP, writeSocketDump } from "../../src/core/wire/inet-diag.ts"
import { openSockets } from "../../src/shell/kernel/peer-sockets.ts"
import { lookUpPort } from "${import.meta.dir}/../../src/shell/pods/lookup.ts"
      process.setgroups([]); process.setgid(65534); process.setuid(65534)
      const { users, isComplete, notes } = await lookUpPort(${PORT})
      console.log(JSON.stringify({ users: users.map(({ match, process }) => [match, process?.pid ?? null]), isComplete, notes }))`
      const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" })
      const found = JSON.parse(stdout.toString() || `"${stderr}"`)
      expect(found.users).toEqual([["remote", null]])
      expect(found.isComplete).toBe(false)
      expect(found.notes.join("\n")).toContain("hide their network namespace: more may use the port")
    })
  },
  ["nsenter"],
)
