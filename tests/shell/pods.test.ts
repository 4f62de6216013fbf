/** Whose a port is, on made-up hosts: a /proc of folders and links, cgroups, the kubelet's logs, a crictl of our own. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { summaryText, userText } from "../../src/core/pods/text.ts"
import { KernelError } from "../../src/shell/kernel/netlink.ts"
import { ownNamespaceId } from "../../src/shell/kernel/network-namespaces.ts"
import { Crictl } from "../../src/shell/pods/crictl.ts"
import { lookUpPort } from "../../src/shell/pods/lookup.ts"
import { CONTAINER_ID, POD_CGROUP, POD_UID } from "../support/port-lookups.ts"

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holyf-pods-"))
  process_(1, { name: "systemd", cgroup: "/init.scope" })
  write("proc/sys/kernel/hostname", "node-1\n")
  sockets("self", [])
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}

const HOST = ownNamespaceId()
const POD_NETNS = 4_026_532_261

interface MadeUp {
  readonly name: string
  /** Its only line is of cgroup v2, or the whole text. */
  readonly cgroup?: string
  readonly netns?: number
  readonly inodes?: readonly number[]
  readonly environ?: string
}

function process_(pid: number, { name, cgroup = "/", netns = HOST, inodes = [], environ = "" }: MadeUp): void {
  const zeros = (count: number) => "0 ".repeat(count)
  write(`proc/${pid}/stat`, `${pid} (${name}) S 1 ${zeros(15)}1 0 ${pid} ${zeros(20)}\n`)
  write(`proc/${pid}/cgroup`, cgroup.includes(":") ? cgroup : `0::${cgroup}\n`)
  write(`proc/${pid}/environ`, environ)
  mkdirSync(join(root, `proc/${pid}/fd`))
  mkdirSync(join(root, `proc/${pid}/ns`))
  symlinkSync(`net:[${netns}]`, join(root, `proc/${pid}/ns/net`))
  for (const [i, inode] of inodes.entries()) symlinkSync(`socket:[${inode}]`, join(root, `proc/${pid}/fd/${i}`))
}

const LISTEN = "0A"
const ESTABLISHED = "01"
const TIME_WAIT = "06"
const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0")
type Socket = readonly [state: string, localPort: number, remotePort: number, inode: number]

/** The TCP sockets that every process of a namespace sees. */
function sockets(pid: number | "self", rows: readonly Socket[]): void {
  const lines = rows.map(
    ([state, local, remote, inode], i) =>
      `   ${i}: 0100000A:${hex(local)} 0200000A:${hex(remote)} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`,
  )
  write(`proc/${pid}/net/tcp`, ["  sl  local_address", ...lines, ""].join("\n"))
}

/** The kernel of this host knows nothing of made-up namespaces: all may be read, none may be entered. */
const look = (port = 8080, options: Parameters<typeof lookUpPort>[1] = {}) =>
  lookUpPort(port, {
    proc: join(root, "proc"),
    boundFolders: [],
    cgroups: [],
    logs: join(root, "logs"),
    crictl: new Crictl([]),
    listSockets: async () => {
      throw new KernelError("open a netlink socket", "EPERM")
    },
    listPublished: async () => [],
    ...options,
  })

const said = async (port?: number, options?: Parameters<typeof lookUpPort>[1]) => {
  const found = await look(port, options)
  const texts = found.users.map(userText)
  return [
    summaryText(found),
    ...texts.flatMap(({ title, entries }) => [title, ...entries.map(({ label, value }) => `  ${label}: ${value}`)]),
    ...found.notes.map((note) => `note: ${note}`),
  ]
}

/** One process of a pod that listens. */
function pod(more: Partial<MadeUp> = {}): void {
  process_(40, { name: "nginx", cgroup: POD_CGROUP, netns: POD_NETNS, inodes: [501], ...more })
  sockets(40, [[LISTEN, 8080, 0, 501]])
}

const NETNS = `  netns: pod/3f2a1b7c/4f0c2a9b1d3e (net:[${POD_NETNS}])`
const LISTENS = "nginx (40) listens on tcp 10.0.0.1:8080"
const CONTAINER = "  container: cri-containerd/4f0c2a9b1d3e"
const SUMMARY = "port 8080: 1 listens; looked in 2 network namespaces"

describe("the name of a pod", () => {
  test("comes from the folder of its logs, by its UID", async () => {
    pod()
    write(`logs/pods/shop_checkout-5d78c9869d-2x8kv_${POD_UID}/web/0.log`, "")
    expect(await said()).toEqual([
      SUMMARY,
      LISTENS,
      CONTAINER,
      "  pod: checkout-5d78c9869d-2x8kv in namespace shop",
      "  workload: Deployment checkout, unsure: by the pod's name",
      NETNS,
    ])
  })

  test("comes from the log of its container, which names that too", async () => {
    pod()
    write(`logs/containers/kube-proxy-x7k2p_kube-system_proxy-${CONTAINER_ID}.log`, "")
    expect((await said()).slice(2, 5)).toEqual([
      "  container: proxy, cri-containerd/4f0c2a9b1d3e",
      "  pod: kube-proxy-x7k2p in namespace kube-system",
      "  workload: DaemonSet, Job or ReplicaSet kube-proxy, unsure: by the pod's name",
    ])
  })

  test("is its host name where nothing better is known, and that is unsure", async () => {
    pod({ environ: "PATH=/bin\0HOSTNAME=redis-0\0" })
    expect((await said())[3]).toBe("  pod: redis-0, unsure: by its host name")
  })

  test("is not the name of the host, which pods on its network have", async () => {
    pod({ environ: "HOSTNAME=node-1\0" })
    expect((await said())[3]).toBe(`  pod: uid ${POD_UID}`)
  })

  test("is none of a plain container, whatever its host name", async () => {
    pod({ cgroup: `/system.slice/docker-${CONTAINER_ID}.scope`, environ: "HOSTNAME=web-0\0" })
    expect((await said()).slice(2)).toEqual([
      "  container: docker/4f0c2a9b1d3e",
      `  netns: docker/4f0c2a9b1d3e (net:[${POD_NETNS}])`,
    ])
  })
})

describe("the container is told by every layout of cgroups", () => {
  const uid = POD_UID
  const v1 = (path: string) => `12:pids:${path}\n3:cpu,cpuacct:${path}\n1:name=systemd:${path}\n`
  test.each([
    ["containerd, cgroupfs, v1", v1(`/kubepods/burstable/pod${uid}/${CONTAINER_ID}`), "container", uid],
    ["containerd, systemd, v1", v1(POD_CGROUP), "cri-containerd", uid],
    ["containerd, cgroupfs, v2", `/kubepods/besteffort/pod${uid}/${CONTAINER_ID}`, "container", uid],
    ["containerd, systemd, v2", POD_CGROUP, "cri-containerd", uid],
    ["CRI-O, systemd, v2", POD_CGROUP.replace("cri-containerd", "crio"), "crio", uid],
    ["CRI-O, cgroupfs, v1", v1(`/kubepods/pod${uid}/crio-${CONTAINER_ID}`), "crio", uid],
    ["docker under Kubernetes", POD_CGROUP.replace("cri-containerd", "docker"), "docker", uid],
    ["docker, cgroupfs, v1", v1(`/docker/${CONTAINER_ID}`), "docker", undefined],
    ["docker, systemd, v2", `/system.slice/docker-${CONTAINER_ID}.scope`, "docker", undefined],
    ["both versions", `1:name=systemd:/docker/${CONTAINER_ID}\n0::/system.slice/docker.service\n`, "docker", undefined],
    ["podman", `/machine.slice/libpod-${CONTAINER_ID}.scope/container`, "podman", undefined],
  ] as const)("%s", async (_, cgroup, engine, podUid) => {
    pod({ cgroup })
    const [user] = (await look()).users
    expect(user!.cgroup?.container).toEqual({ engine, id: CONTAINER_ID, ...(podUid === undefined ? {} : { podUid }) })
    expect(user!.pod?.uid).toBe(podUid as string)
  })
})

describe("who is meant", () => {
  test("the one that listens comes before a client of another service on that port", async () => {
    // The client's namespace is found first, and its process has the lower pid.
    process_(5, { name: "curl", inodes: [7] })
    sockets("self", [[ESTABLISHED, 40_000, 8080, 7]])
    pod()
    const lines = (await said()).filter((line) => !line.startsWith("  "))
    expect(lines).toEqual([
      "port 8080: 1 listens, 1 connects to it; looked in 2 network namespaces",
      LISTENS,
      "curl (5) connects to tcp 10.0.0.2:8080",
    ])
  })

  test("a TIME_WAIT is inferred from its listener, and said to be nobody's where there is none", async () => {
    pod()
    sockets(40, [
      [LISTEN, 8080, 0, 501],
      [TIME_WAIT, 8080, 40_000, 0],
    ])
    expect((await said()).filter((line) => /connections/.test(line))).toEqual(["  connections: 1: 1 TIME_WAIT"])
    sockets(40, [[TIME_WAIT, 8080, 40_000, 0]])
    const [, title] = await said()
    expect(title).toBe("the kernel holds ended connections with tcp 10.0.0.2")
  })

  test("a connection that ended while its process was looked for is nobody's", async () => {
    pod()
    let looks = 0
    const found = await look(8080, {
      listSockets: async () => {
        // Each of the two namespaces once; what is asked again is asked of what is there by then.
        if (++looks === 2)
          sockets(40, [
            [LISTEN, 8080, 0, 501],
            [ESTABLISHED, 8080, 7, 999],
          ])
        if (looks === 3) sockets(40, [[LISTEN, 8080, 0, 501]])
        throw new KernelError("open a netlink socket", "EPERM")
      },
    })
    expect(looks).toBe(3)
    expect(found.users.map(({ process, connectionCount }) => [process?.name, connectionCount])).toEqual([["nginx", 0]])
  })

  test("a socket whose process is not known belongs to the container that all processes of its namespace are in", async () => {
    pod({ inodes: [] })
    expect((await said()).slice(1, 4)).toEqual([
      "an unknown process listens on tcp 10.0.0.1:8080",
      "  container: cri-containerd/4f0c2a9b1d3e, unsure: of a process beside it in its network namespace",
      `  pod: uid ${POD_UID}, unsure: of a process beside it in its network namespace`,
    ])
  })

  test("with two containers in the namespace only their pod is known", async () => {
    pod({ inodes: [] })
    process_(41, {
      name: "pause",
      netns: POD_NETNS,
      cgroup: POD_CGROUP.replace(CONTAINER_ID, "b".repeat(64)),
    })
    const [user] = (await look()).users
    expect([user!.isCgroupInferred, user!.cgroup?.container]).toEqual([true, { engine: "container", podUid: POD_UID }])
  })

  test("with a process of the host in the namespace nothing is inferred", async () => {
    pod({ inodes: [] })
    process_(41, { name: "tcpdump", netns: POD_NETNS, cgroup: "/user.slice/session-1.scope" })
    const [user] = (await look()).users
    expect(user!.cgroup).toBeUndefined()
  })

  test("a port that is translated to an address of nowhere in sight is said to be", async () => {
    const end = { protocol: "tcp", address: "192.0.2.99", port: 80, connectionCount: 3 } as const
    expect(await said(8080, { listPublished: async () => [end] })).toEqual([
      "port 8080: nobody listens, 1 gets it by translation; looked in 1 network namespace",
      "an unknown process gets it by translation to tcp 192.0.2.99:80",
      "  connections: 3 that are translated",
      "  netns: none that may be seen has that address",
    ])
  })

  test("names from outside are shown, not obeyed", async () => {
    pod({ name: "\x1b[2Jweb" })
    const [, title] = await said()
    expect(title).toBe("␛[2Jweb (40) listens on tcp 10.0.0.1:8080")
  })
})

describe("what cannot be seen is said", () => {
  test("nobody, where all was seen", async () => {
    expect(await said(9)).toEqual(["nobody listens on port 9 or uses it, in 1 network namespace"])
  })

  test("a /proc that hides other users' processes", async () => {
    rmSync(join(root, "proc/1"), { recursive: true })
    process_(77, { name: "sh" })
    const [summary, note] = await said(9)
    expect(summary).toBe("nobody that may be seen uses port 9, in 1 network namespace")
    expect(note).toContain("procfs hides the processes of other users")
  })

  test("a /proc that is not there", async () => {
    const found = await look(9, { proc: join(root, "nothing") })
    expect([found.isComplete, found.users]).toEqual([false, []])
    expect(found.notes[0]).toContain("Is procfs mounted?")
  })

  test("namespaces for which there was no time", async () => {
    pod()
    expect(await said(9, { listMs: -1 })).toEqual([
      "nobody that may be seen uses port 9, in 2 network namespaces",
      "note: only 1 of 2 network namespaces were looked into: there was no time for more",
    ])
  })

  test("a namespace whose sockets can be had in no way", async () => {
    pod()
    rmSync(join(root, "proc/40/net"), { recursive: true })
    expect(await said()).toEqual([
      "nobody that may be seen uses port 8080, in 2 network namespaces",
      "note: pod/3f2a1b7c/4f0c2a9b1d3e: cannot open a netlink socket: EPERM",
    ])
  })
})

describe("crictl", () => {
  /** A program that answers `inspect` and `inspectp`; `$2` is `-o`, `$4` the id. */
  const crictl = (script: string) => {
    write("bin/crictl", `#!/bin/sh\n${script}\n`)
    chmodSync(join(root, "bin/crictl"), 0o755)
    return new Crictl([join(root, "bin")])
  }
  const inspected = {
    status: {
      labels: {
        "io.kubernetes.container.name": "web",
        "io.kubernetes.pod.name": "checkout-5d78c9869d-2x8kv",
        "io.kubernetes.pod.namespace": "shop",
      },
    },
    info: { sandboxID: "ab".repeat(32) },
  }
  const sandbox = { status: { metadata: {}, labels: { "pod-template-hash": "5d78c9869d" } } }
  const answers = `case "$1" in inspect) echo '${JSON.stringify(inspected)}';; inspectp) echo '${JSON.stringify(sandbox)}';; esac`

  test("names container, pod, namespace, and makes the workload sure", async () => {
    pod()
    expect((await said(8080, { crictl: crictl(answers) })).slice(1)).toEqual([
      LISTENS,
      "  container: web, cri-containerd/4f0c2a9b1d3e",
      "  pod: checkout-5d78c9869d-2x8kv in namespace shop",
      "  workload: Deployment checkout",
      NETNS,
    ])
  })

  test("that fails leaves what is known without it, and says why", async () => {
    pod()
    const lines = await said(8080, { crictl: crictl("echo 'no engine' >&2; exit 1") })
    expect(lines.slice(1)).toEqual([
      LISTENS,
      CONTAINER,
      `  pod: uid ${POD_UID}`,
      NETNS,
      "note: cannot ask the container engine: crictl: no engine",
    ])
  })

  test("that does not know the container is no trouble", async () => {
    pod()
    const lines = await said(8080, { crictl: crictl("echo 'container \"x\" not found' >&2; exit 1") })
    expect(lines.at(-1)).toBe(NETNS)
  })

  test("that hangs is given up after two seconds, and not asked again", async () => {
    pod()
    process_(41, {
      name: "other",
      cgroup: POD_CGROUP.replace(CONTAINER_ID, "b".repeat(64)),
      netns: POD_NETNS,
      inodes: [502],
    })
    sockets(40, [
      [LISTEN, 8080, 0, 501],
      [ESTABLISHED, 8080, 1, 502],
    ])
    const started = performance.now()
    const lines = await said(8080, { crictl: crictl("exec sleep 600") })
    expect(performance.now() - started).toBeLessThan(3_500)
    expect(lines.at(-1)).toBe("note: cannot ask the container engine: crictl did not answer within 2 s")
  })

  test("that anybody may change is not run", async () => {
    pod()
    crictl(answers)
    chmodSync(join(root, "bin/crictl"), 0o777)
    const lines = await said(8080, { crictl: new Crictl([join(root, "bin")]) })
    expect(lines[3]).toBe(`  pod: uid ${POD_UID}`)
  })
})
