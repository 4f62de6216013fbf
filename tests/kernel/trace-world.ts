/**
 * Three hosts in a row for traces: we, a router, and a peer. The other two are network namespaces held by processes of
 * ours, so that nothing is left behind when we end, however we end. It needs a namespace for itself, root, `ip` and `nft`.
 */
import { Helper, holdNamespace } from "../support/helper.ts"
import { shell } from "./small-world.ts"

export const OURS = "10.77.1.1"
export const PEER = "10.77.2.2"
/** In our own network, and nobody has it. */
export const ABSENT = "10.77.1.77"
/** Where the router's way to the peer is made this narrow, larger packets die there and nobody is told. */
export const NARROW_MTU = 1_300

export const port = {
  healthy: 7001,
  lostSyn: 7002,
  refused: 7003,
  closing: 7004,
  resetting: 7005,
  lossy: 7006,
  oneWay: 7007,
  noReturn: 7008,
  unread: 7009,
  large: 7010,
} as const

export interface TraceWorld {
  readonly peerPid: number
  readonly routerPid: number
  /** Runs a script inside the peer. */
  atPeer(script: string): void
  atRouter(script: string): void
  close(): Promise<void>
}

export async function openTraceWorld(): Promise<TraceWorld> {
  const [router, peer] = [await holdNamespace(), await holdNamespace()]
  const at = (pid: number, script: string) => shell(`nsenter -t ${pid} -n sh -ec '${script}'`)
  shell(`
    ip link set lo up
    ip link add tr0 type veth peer name tr1 netns ${router.pid}
    ip addr add ${OURS}/24 dev tr0
    ip link set tr0 up
  `)
  at(
    router.pid,
    `ip link set lo up
    ip link add tp0 type veth peer name tp1 netns ${peer.pid}
    ip addr add 10.77.1.254/24 dev tr1
    ip addr add 10.77.2.254/24 dev tp0
    ip link set tr1 up
    ip link set tp0 up
    echo 1 > /proc/sys/net/ipv4/ip_forward
    nft add table inet t
    nft "add chain inet t out { type filter hook output priority 0; }"
    nft add rule inet t out icmp type destination-unreachable drop
    nft "add chain inet t way { type filter hook forward priority 0; }"
    nft add rule inet t way tcp dport ${port.lossy} tcp flags ack numgen inc mod 12 5 drop
    nft add rule inet t way tcp sport ${port.noReturn} drop`,
  )
  at(
    peer.pid,
    `ip link set lo up
    ip addr add ${PEER}/24 dev tp1
    ip link set tp1 up
    ip route add default via 10.77.2.254
    nft add table inet t
    nft "add chain inet t in { type filter hook input priority 0; }"
    nft add rule inet t in tcp dport ${port.lostSyn} drop
    nft add rule inet t in udp dport 53 drop`,
  )
  shell("ip route add 10.77.2.0/24 via 10.77.1.254")
  const server = await Helper.start(["nsenter", "-t", `${peer.pid}`, "-n", process.execPath, "-e", serverSource])
  return {
    peerPid: peer.pid,
    routerPid: router.pid,
    atPeer: (script) => at(peer.pid, script),
    atRouter: (script) => at(router.pid, script),
    async close() {
      for (const helper of [server, router, peer]) await helper.end()
    },
  }
}

/** The peer's services: each answers what it is asked, but for those whose port says otherwise. */
const serverSource = `
  const net = require("node:net")
  const port = ${JSON.stringify(port)}
  const echo = (socket) => socket.on("error", () => {}).on("data", (data) => socket.write("answer to " + data.length))
  const quiet = (socket) => socket.on("error", () => {})
  const services = {
    [port.healthy]: echo,
    [port.lostSyn]: echo,
    [port.closing]: (socket) => quiet(socket).once("data", () => socket.end()),
    [port.resetting]: (socket) => quiet(socket).once("data", () => socket.resetAndDestroy()),
    [port.lossy]: (socket) => quiet(socket).resume(),
    [port.oneWay]: echo,
    [port.noReturn]: echo,
    [port.unread]: (socket) => quiet(socket).pause(),
    [port.large]: echo,
  }
  const waiting = Object.entries(services).map(([at, serve]) => new Promise((done) =>
    net.createServer({ allowHalfOpen: false }, serve).listen(Number(at), "0.0.0.0", done)))
  Promise.all(waiting).then(() => console.log("ready"))
`
