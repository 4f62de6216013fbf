/** Hosts on which the dashboard may not see everything: it opens and says what is missing, or says why it cannot. */
import { beforeAll, describe, expect } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { builtBinary } from "../support/binary.ts"
import { gather } from "../support/crowd.ts"
import { expectGivenBack, hasLooked } from "../support/dashboard.ts"
import { asNobody, binaryForEverybody } from "../support/nobody.ts"
import { openPty, type Pty } from "../support/pty.ts"
import { requires } from "../support/requirements.ts"

beforeAll(() => {
  builtBinary()
}, 60_000)

const big = { cols: 140, rows: 50 }
/** The text of the screen as one line, so that a sentence is found however it was wrapped. */
const flat = (text: string) => text.replace(/[│┌┐└┘─\s]+/g, " ")

async function quit(pty: Pty): Promise<void> {
  pty.send("q")
  expect(await pty.child.exited).toBe(0)
  await expectGivenBack(pty)
}

const withMount = (options: string, command: readonly string[]) => [
  "unshare",
  "--mount",
  "sh",
  "-c",
  `mount -t ${options} /proc && exec "$@"`,
  "sh",
  ...command,
]
const asRoot = (...tools: string[]) => requires({ root: true, tools })

describe("without root", () => {
  asRoot("setpriv")("connections are there, names of other users' processes are not, and it says so", async () => {
    using crowd = await gather(3)
    using binary = binaryForEverybody()
    await using pty = openPty(asNobody([binary.path, "-i", "lo", "-r", "1"]), big)
    await pty.until(hasLooked)
    pty.send(`f${crowd.port}\r`)
    const text = await pty.until((each) => each.includes("of 3 "))
    for (const port of crowd.peerPorts)
      expect(text).toMatch(new RegExp(`^│.- +${crowd.port} +127\\.0\\.0\\.1:${port} +ESTABLISHED`, "m"))
    await pty.until((each) =>
      flat(each).includes("some process names are missing: reading every process needs root with CAP_SYS_PTRACE"),
    )
    await quit(pty)
  })

  requires({ root: true, tools: ["unshare"] })(
    "root of a user namespace only: the same, and it says which root is meant",
    async () => {
      using crowd = await gather(3)
      await using pty = openPty(["unshare", "--user", "--map-root-user", builtBinary(), "-i", "lo", "-r", "1"], big)
      await pty.until(hasLooked)
      pty.send(`f${crowd.port}\r`)
      await pty.until((each) => flat(each).includes("reading every process needs root outside this user namespace"))
      await quit(pty)
    },
  )
})

describe("where /proc is hidden", () => {
  asRoot(
    "unshare",
    "mount",
    "setpriv",
  )("other users' processes (hidepid=invisible)", async () => {
    using crowd = await gather(2)
    using binary = binaryForEverybody()
    await using pty = openPty(withMount("proc -o hidepid=2 none", asNobody([binary.path, "-i", "lo", "-r", "1"])), big)
    await pty.until(hasLooked)
    pty.send(`f${crowd.port}\r`)
    await pty.until((text) => text.includes("of 2 ") && flat(text).includes("some process names are missing"))
    await quit(pty)
  })

  asRoot("unshare", "mount")("everything but processes (ProcSubset=pid of a service)", async () => {
    using crowd = await gather(2)
    await using pty = openPty(withMount("proc -o subset=pid none", [builtBinary(), "-i", "lo", "-r", "1"]), big)
    await pty.until(hasLooked)
    pty.send(`f${crowd.port}\r`)
    const text = await pty.until((each) => each.includes("of 2 "))
    expect(text).toContain("HEALTH UNKNOWN")
    expect(flat(text)).toContain("cannot read /proc/net/snmp: ENOENT. Is /proc mounted?")
    await quit(pty)
  })

  // The runtime asks the C library for the bounds of its stack, which that reads from /proc/self/maps, and gives up
  // before it has read a line of ours. It should be one line; all we can hold is that the terminal is not touched.
  asRoot("unshare", "mount")("as a whole: the runtime itself cannot start, and draws nothing", async () => {
    await using pty = openPty(withMount("tmpfs none", [builtBinary(), "-i", "lo"]), big)
    expect(await pty.child.exited).not.toBe(0)
    expect(pty.raw).not.toContain("\x1b[?1049h")
    expect(pty.isCooked()).toBe(true)
  })
})

const seccomp = { has: /^Seccomp:/m.test(readFileSync("/proc/self/status", "utf8")), what: "seccomp" }
requires({ kernel: seccomp })("without netlink it says so in one line and ends with 1", async () => {
  const shield = join(import.meta.dir, "../support/without-netlink.ts")
  await using pty = openPty([process.execPath, shield, builtBinary(), "-i", "lo"], { cols: 200 })
  expect(await pty.child.exited).toBe(1)
  expect((await pty.text()).trim()).toBe(
    "holyf-network: cannot open a netlink socket: EAFNOSUPPORT (something around this program forbids AF_NETLINK)",
  )
  expect(pty.raw).not.toContain("\x1b")
})
