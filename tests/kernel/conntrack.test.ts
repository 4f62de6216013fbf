import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createFlowRateTable } from "../../src/core/model/flow-rates.ts"
import { deriveFlowBytes } from "../../src/core/model/flows.ts"
import { createAddressSet } from "../../src/core/sample/address-column.ts"
import { createFlowIndex, linkFlows } from "../../src/core/sample/flow-link.ts"
import { initialPace, shareOfCore } from "../../src/core/sample/flow-pace.ts"
import {
  createFlowTable,
  type FlowTable,
  flowIdentity,
  flowRole,
  isLiveFlow,
} from "../../src/core/sample/flow-table.ts"
import { ACCOUNTING_OFF, type Flows, isInScope, NOT_ACTIVE } from "../../src/core/sample/flows.ts"
import { appendFlowRows } from "../../src/core/sample/nat.ts"
import { addressText, createSocketTable } from "../../src/core/sample/socket-table.ts"
import { formatEndpoint, parseAddress } from "../../src/core/wire/address.ts"
import { IPPROTO_TCP, IPPROTO_UDP } from "../../src/core/wire/inet-diag.ts"
import {
  deleteFlow,
  enableAccounting,
  listFlows,
  openConntrack,
  readConntrackSettings,
  readConntrackStatistics,
} from "../../src/shell/kernel/conntrack.ts"
import { lookAtFlows } from "../../src/shell/kernel/flow-look.ts"
import { listSockets } from "../../src/shell/kernel/sockets.ts"
import { describeInNamespace } from "./namespace.ts"
import { CLIENT, CONTAINER, HOST, type NatWorld, openNatWorld, PUBLISHED, type Sending, shell } from "./nat-world.ts"

describeInNamespace("connection tracking", import.meta.path, define, ["nft", "nsenter", "conntrack"])

function define(): void {
  let world: NatWorld & { translate(): void }
  const conversation = openConntrack()
  const own = createAddressSet(Object.values(HOST).map((text) => parseAddress(text)!))

  const room = () => ({ table: createFlowTable(), index: createFlowIndex() })
  const look = async (into: Pick<Flows, "table" | "index">, previous?: Flows): Promise<Flows> => {
    const settings = readConntrackSettings()
    const place = { index: 0, count: settings.table?.count, accounting: () => settings.accounting, open: openConntrack }
    const options = { nowMs: 0, intervalMs: 60_000, share: shareOfCore.live }
    const seen = await lookAtFlows([place], into, previous, initialPace, options)
    if (seen.kind !== "read") throw new Error("the look was put off")
    return seen.flows
  }
  const reason = async () => (await look(room())).namespaces[0]!.withoutBytes
  const list = async (): Promise<FlowTable> => {
    const table = createFlowTable()
    expect(await listFlows(conversation, table)).toMatchObject({ skipped: 0, interrupted: false, scope: "all" })
    return table
  }
  /** Rows as `role local ~ remote`, ports that the kernel chose left out. */
  const rowsOf = async () => {
    const table = await list()
    linkFlows({ table, index: createFlowIndex() }, undefined)
    const sockets = createSocketTable()
    await listSockets(sockets)
    const { length } = sockets
    const all = { addresses: own, sockets: { from: 0, to: length }, flows: { from: 0, to: table.length } }
    appendFlowRows({ sockets, flows: table, namespaces: [all] })
    const name = (port: number) => (port < 32_768 ? port : "…")
    return [...Array(sockets.length - length).keys()].map((i) => {
      const row = length + i
      const flow = sockets.flow[row]!
      const role = Object.entries(flowRole).find(([, number]) => number === table.role[flow])![0]
      const local = formatEndpoint(addressText(sockets.localAddress, row), name(sockets.localPort[row]!))
      const remote = formatEndpoint(addressText(sockets.remoteAddress, row), name(sockets.remotePort[row]!))
      const protocol = sockets.protocol[row] === IPPROTO_TCP ? "tcp" : "udp"
      return {
        text: `${protocol} ${role} ${local} ~ ${remote}`,
        tx: sockets.bytesAcked[row]!,
        rx: sockets.bytesReceived[row]!,
      }
    })
  }
  const texts = async () => (await rowsOf()).map(({ text }) => text).sort()

  beforeAll(async () => {
    world = await openNatWorld()
  })
  afterAll(() => {
    conversation.close()
    world?.close()
  })

  test("without a rule it is not active, whatever the settings say", async () => {
    enableAccounting()
    await (await world.send("host", "udp", { address: CLIENT.v4, port: 80 }, 500)).close()
    const flows = await look(room())
    expect({ rows: flows.table.length, reason: flows.namespaces[0]!.withoutBytes }).toEqual({
      rows: 0,
      reason: NOT_ACTIVE,
    })
    shell("echo 0 > /proc/sys/net/netfilter/nf_conntrack_acct")
  })

  test("with accounting off it lists, and says which command counts bytes", async () => {
    world.translate()
    const sending = await world.send("client", "tcp", { address: HOST.outside, port: PUBLISHED }, 5_000)
    const flows = await look(room())
    expect({ rows: flows.table.length, reason: flows.namespaces[0]!.withoutBytes }).toEqual({
      rows: 1,
      reason: ACCOUNTING_OFF,
    })
    expect(readConntrackSettings()).toMatchObject({ accounting: "off", table: { count: 1 } })
    enableAccounting()
    expect(readConntrackSettings().accounting).toBe("on")
    expect(await reason()).toContain("begun before")
    await sending.close()
    shell("conntrack -F 2>/dev/null")
  })

  describe("with traffic", () => {
    const sendings: Sending[] = []
    beforeAll(async () => {
      shell("echo 1 > /proc/sys/net/netfilter/nf_conntrack_timestamp")
      const open = async (...args: Parameters<NatWorld["send"]>) => sendings.push(await world.send(...args))
      for (const protocol of ["tcp", "udp"] as const) {
        await open("client", protocol, { address: HOST.outside, port: PUBLISHED }, 5_000)
        await open("client", protocol, { address: HOST.outside6, port: PUBLISHED }, 5_000)
        await open("container", protocol, { address: CLIENT.v4, port: 80 }, 7_000)
        await open("container", protocol, { address: CLIENT.v6, port: 80 }, 7_000)
      }
      await open("client", "tcp", { address: CONTAINER.v4, port: 80 }, 4_000)
      await open("host", "tcp", { address: CLIENT.v4, port: 80 }, 3_000)
      await open("host", "tcp", { address: CLIENT.v6, port: 80 }, 3_000)
      await open("host", "udp", { address: CLIENT.v4, port: 80 }, 3_000)
    })

    const expected = [
      `tcp forward ${CLIENT.v4}:… ~ ${CONTAINER.v4}:80`,
      `tcp sourceNat ${HOST.outside}:… ~ ${CLIENT.v4}:80`,
      `tcp sourceNat [${HOST.outside6}]:… ~ [${CLIENT.v6}]:80`,
      `tcp targetNat ${HOST.outside}:8081 ~ ${CLIENT.v4}:…`,
      `tcp targetNat [${HOST.outside6}]:8081 ~ [${CLIENT.v6}]:…`,
      `udp host ${HOST.outside}:… ~ ${CLIENT.v4}:80`,
      `udp sourceNat ${HOST.outside}:… ~ ${CLIENT.v4}:80`,
      `udp sourceNat [${HOST.outside6}]:… ~ [${CLIENT.v6}]:80`,
      `udp targetNat ${HOST.outside}:8081 ~ ${CLIENT.v4}:…`,
      `udp targetNat [${HOST.outside6}]:8081 ~ [${CLIENT.v6}]:…`,
    ].sort()

    test("published, masqueraded and routed flows of both families are rows, the host's own sockets are not", async () => {
      expect(await texts()).toEqual(expected)
    })

    test("UDP bytes are exact: payload and 28 or 48 bytes a datagram, both ways", async () => {
      for (const { text, tx, rx } of await rowsOf()) {
        if (!text.startsWith("udp")) continue
        const [payload, datagrams] = text.includes("targetNat")
          ? [5_000, 5]
          : text.includes("host")
            ? [3_000, 3]
            : [7_000, 7]
        const bytes = payload + datagrams * (text.includes("[") ? 48 : 28)
        expect({ text, tx, rx }).toEqual({ text, tx: bytes, rx: bytes })
      }
    })

    test("the same ids, ports and bytes as conntrack -L", async () => {
      const table = await list()
      const ours = [...Array(table.length).keys()].map((row) =>
        [
          table.id[row],
          table.originalSourcePort[row],
          table.replyTargetPort[row],
          table.originalBytes[row],
          table.replyBytes[row],
        ].join(" "),
      )
      const theirs = shell("conntrack -L -o id 2>/dev/null")
        .trim()
        .split("\n")
        .map((line) => {
          const all = (key: string) => [...line.matchAll(new RegExp(`\\b${key}=(\\d+)`, "g"))].map(([, value]) => value)
          return [all("id")[0], all("sport")[0], all("dport")[1], all("bytes")[0], all("bytes")[1]].join(" ")
        })
      expect(ours.sort()).toEqual(theirs.sort())
      expect(ours.length).toBe(12)
    })

    test("the narrow scope gives exactly the rows that are in it", async () => {
      const whole = await list()
      const narrow = createFlowTable()
      expect(await listFlows(conversation, narrow, { scope: "translated-and-udp" })).toMatchObject({
        scope: "translated-and-udp",
        skipped: 0,
      })
      const ids = (table: FlowTable, keep = (_: number) => true) =>
        [...Array(table.length).keys()]
          .filter(keep)
          .map((row) => table.id[row])
          .sort()
      expect(ids(narrow)).toEqual(ids(whole, (row) => isInScope("translated-and-udp", whole, row)))
      expect(narrow.length).toBe(9)
    })

    test("what moved between two looks is exact, in both directions", async () => {
      const first = await look(room())
      const sending = await world.send("client", "udp", { address: HOST.outside, port: PUBLISHED }, 2_000)
      const second = await look(room(), first)
      const rates = createFlowRateTable()
      deriveFlowBytes(rates, second, { flows: first, elapsedMs: 1_000 })
      const moved = [...Array(second.table.length).keys()].filter((row) => rates.originalBytes[row]! > 0)
      expect(
        moved.map((row) => [second.table.previousRow[row], rates.originalBytes[row], rates.replyBytes[row]]),
      ).toEqual([[-1, 2_056, 2_056]])
      await sending.close()
    })

    test("deletes exactly one flow, and none by the wrong id", async () => {
      const before = await list()
      const row = [...Array(before.length).keys()].find(
        (one) => before.protocol[one] === IPPROTO_UDP && before.originalTargetPort[one] === PUBLISHED,
      )!
      const identity = flowIdentity(before, row)
      expect(await deleteFlow(conversation, { ...identity, id: (identity.id + 1) >>> 0 })).toBe(false)
      expect((await list()).length).toBe(before.length)
      expect(await deleteFlow(conversation, identity)).toBe(true)
      expect(await deleteFlow(conversation, identity)).toBe(false)
      const after = await list()
      const ids = (table: FlowTable) => [...table.id.subarray(0, table.length)]
      expect(ids(after).sort()).toEqual(
        ids(before)
          .filter((id) => id !== identity.id)
          .sort(),
      )
    })

    test("a connection that has closed is no row, though its entry stays", async () => {
      const sending = await world.send("client", "tcp", { address: HOST.outside, port: PUBLISHED }, 1_000)
      await sending.close()
      const table = await list()
      const ended = [...Array(table.length).keys()].filter((row) => !isLiveFlow(table, row))
      expect(ended.length).toBe(1)
      expect((await texts()).filter((text) => text.startsWith("tcp targetNat")).length).toBe(2)
    })
  })

  test("the statistics are those of conntrack -S, and of the file that everybody may read", async () => {
    // A connection whose entry is gone, and which is not to be picked up again: its FIN is invalid.
    const sending = await world.send("client", "tcp", { address: CONTAINER.v4, port: 80 }, 1_000)
    shell("echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose; conntrack -F 2>/dev/null")
    await sending.close()
    const cpus = await readConntrackStatistics(conversation)
    expect(cpus.reduce((sum, { invalid = 0 }) => sum + invalid, 0)).toBeGreaterThan(0)
    const theirs = shell("conntrack -S").trim().split("\n")
    expect(cpus.map(({ cpu, invalid, drop }) => `cpu=${cpu} invalid=${invalid} drop=${drop}`)).toEqual(
      theirs.map((line) =>
        ["cpu", "invalid", "drop"].map((key) => new RegExp(`\\b${key}=\\d+`).exec(line)![0]).join(" "),
      ),
    )
    expect(await readConntrackStatistics(undefined)).toEqual(cpus)
  })

  test("without CAP_NET_ADMIN it says what to do, and still reads the statistics", async () => {
    const command = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", process.execPath]
    const { stdout, stderr } = Bun.spawnSync([...command, `${import.meta.dir}/without-privilege.ts`])
    const { listing, cpus } = JSON.parse(stdout.toString() || `{"listing":${JSON.stringify(stderr.toString())}}`)
    expect(listing).toBe(
      "cannot list connection tracking entries: the kernel refused (EPERM). Run with sudo, or give CAP_NET_ADMIN.",
    )
    expect(cpus.length).toBeGreaterThan(0)
  })
}
