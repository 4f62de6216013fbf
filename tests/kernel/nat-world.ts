/**
 * A host with a client outside and a container inside, each in a network namespace of its own; the host translates.
 *
 *   client 10.1.0.2, fd01::2  ──  10.1.0.1, fd01::1  host  10.2.0.1, fd02::1  ──  10.2.0.2, fd02::2 container
 *
 * The host is the namespace of the caller, which must be one to spoil. Port 8081 of the host is port 80 of the container;
 * the container is masqueraded. Needs root, `ip`, `nft`, `unshare` and `nsenter`.
 */
import type { Subprocess } from "bun"
import { dyingWithUs, holdNamespace } from "../support/helper.ts"

export const HOST = { outside: "10.1.0.1", outside6: "fd01::1", inside: "10.2.0.1", inside6: "fd02::1" } as const
export const CLIENT = { v4: "10.1.0.2", v6: "fd01::2" } as const
export const CONTAINER = { v4: "10.2.0.2", v6: "fd02::2" } as const
export const PUBLISHED = 8081

const rules = `
table inet world {
  chain before { type nat hook prerouting priority -100;
    ip daddr ${HOST.outside} meta l4proto { tcp, udp } th dport ${PUBLISHED} dnat ip to ${CONTAINER.v4}:80
    ip6 daddr ${HOST.outside6} meta l4proto { tcp, udp } th dport ${PUBLISHED} dnat ip6 to [${CONTAINER.v6}]:80
  }
  chain after { type nat hook postrouting priority 100;
    oifname "outside" ip saddr 10.2.0.0/24 masquerade
    oifname "outside" ip6 saddr fd02::/64 masquerade
  }
}`

export type Place = "client" | "container" | "host"

export interface NatWorld {
  /** Sends `bytes` and has them back; the connection stays until `close`. */
  send(from: Place, protocol: "tcp" | "udp", to: { address: string; port: number }, bytes: number): Promise<Sending>
  /** Runs a script of ours there; it is ended with the world. */
  start(place: Place, script: string, ...args: string[]): Subprocess<"pipe", "pipe", "ignore">
  close(): void
}

export interface Sending {
  close(): Promise<void>
}

export function shell(script: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-ec", script])
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`)
  return stdout.toString()
}

const peer = `${import.meta.dir}/peer.ts`

const leg = (pid: number, name: string, own: readonly string[], other: readonly string[]) => `
  ip link add ${name} type veth peer name eth0 netns ${pid}
  ip addr add ${own[0]}/24 dev ${name}; ip -6 addr add ${own[1]}/64 dev ${name} nodad
  ip link set ${name} up
  nsenter -t ${pid} -n sh -ec '
    ip link set lo up; ip addr add ${other[0]}/24 dev eth0; ip -6 addr add ${other[1]}/64 dev eth0 nodad
    ip link set eth0 up; ip route add default via ${own[0]}; ip -6 route add default via ${own[1]}'`

/** The world without rules: `translate` puts them in. */
export async function openNatWorld(): Promise<NatWorld & { translate(): void }> {
  const client = await holdNamespace()
  const container = await holdNamespace()
  const started: Subprocess[] = [client.child, container.child]
  shell(`
    ip link set lo up
    echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
    ${leg(client.pid, "outside", [HOST.outside, HOST.outside6], [CLIENT.v4, CLIENT.v6])}
    ${leg(container.pid, "inside", [HOST.inside, HOST.inside6], [CONTAINER.v4, CONTAINER.v6])}
  `)
  const start = (place: Place, script: string, ...args: string[]) => {
    const pid = place === "client" ? client.pid : container.pid
    const enter = place === "host" ? [] : ["nsenter", "-t", String(pid), "-n"]
    const command = dyingWithUs([...enter, process.execPath, script, ...args])
    const child = Bun.spawn(command, { stdio: ["pipe", "pipe", "ignore"] })
    started.push(child)
    return child
  }
  const run = (place: Place, ...args: string[]) => start(place, peer, ...args)
  for (const place of ["client", "container"] as const) await line(run(place, "serve", "80").stdout)
  return {
    translate: () => void shell(`nft -f - <<'RULES'\n${rules}\nRULES`),
    async send(from, protocol, { address, port }, bytes) {
      const child = run(from, "send", protocol, address, String(port), String(bytes))
      await line(child.stdout)
      return {
        async close() {
          child.stdin.end()
          await child.exited
        },
      }
    },
    start,
    close() {
      for (const child of started) child.kill("SIGKILL")
    },
  }
}

/** Waits for a child's first line. */
export async function line(stream: ReadableStream<Uint8Array>): Promise<void> {
  const { done } = await stream.getReader().read()
  if (done) throw new Error("a peer ended before it was ready")
}
