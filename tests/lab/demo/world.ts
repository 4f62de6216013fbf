/**
 * The little network of the demo: a shop's host with customers, and what goes wrong with it.
 *
 * The host is `observed`; everybody else is a network namespace joined to it by one switch. Rates are low: it is to be
 * looked at, not to be measured.
 */
import type { Lab } from "../support/lab.ts"
import type { Topology } from "../support/scenario.ts"

/** The programs of the lab end by themselves after 150 s. */
export const SECONDS_MAX = 140
export const SECONDS_DEFAULT = 120

export const topology: Topology = {
  networks: [
    {
      hosts: ["observed", "customer-1", "customer-2", "scraper", "flooder", "mobile", "backup", "database"],
      isCut: true,
    },
  ],
}

/** The ports of the shop, and of whom it asks. */
const port = { web: 443, uploads: 8000, api: 8080, media: 8443, backup: 9000, database: 5432 } as const

/** A peer that drops packets of one port: all, or one of `oneIn`. */
const dropping = (to: number, oneIn = 1) =>
  `nft 'table inet demo { chain in { type filter hook prerouting priority 0;
    tcp dport ${to} numgen random mod ${oneIn} == 0 drop; }; }'`

/** Starts everything; each program stops by itself after `seconds`. */
export async function begin(lab: Lab, seconds: number): Promise<void> {
  const host = lab.address("observed")

  // What is as it should be: a shop, its customers, and the pictures they send.
  await lab.run("observed", "shop-web", "serve", { port: port.web, answerBytes: 20_000 })
  await lab.run("observed", "shop-uploads", "serve", { port: port.uploads })
  for (const customer of ["customer-1", "customer-2"]) {
    await lab.run(customer, "browser", "request", { to: host, port: port.web, perSecond: 15, count: 10_000, seconds })
    const pictures = { to: [host], port: port.uploads, connections: 2, bytesPerSecond: 150_000, seconds }
    await lab.run(customer, "pictures", "send", pictures)
  }

  // The nightly copy goes over a path that loses one packet in ten.
  await lab.run("backup", "rsyncd", "serve", { port: port.backup })
  lab.sh("backup", dropping(port.backup, 10))
  const copy = { to: [lab.address("backup")], port: port.backup, connections: 1, bytesPerSecond: 400_000, seconds }
  await lab.run("observed", "rsync", "send", copy)

  // A phone asks for films and does not read them.
  await lab.run("observed", "shop-media", "serve", { port: port.media, answerBytes: 4_000_000 })
  await lab.run("mobile", "player", "send", {
    to: [host],
    port: port.media,
    connections: 2,
    bytesPerSecond: 200,
    seconds,
  })

  // One peer opens far more than all others, and the program that serves it never closes what the peer has closed.
  await lab.run("observed", "shop-api", "hold", { port: port.api, backlog: 64, accepts: true })
  const scrape = { to: host, port: port.api, perSecond: 8, seconds, ending: "close", keepMs: 4_000 } as const
  await lab.run("scraper", "scraper", "connect", scrape)

  // A flood of made-up senders: the answers go back to where it comes from, and nobody there knows of them.
  lab.sh("observed", "echo 1 >/proc/sys/net/ipv4/tcp_syncookies")
  lab.sh("observed", `ip route add 10.99.0.0/16 via ${lab.address("flooder")}`)
  const flood = { kind: "syn", source: "10.99", to: host, port: port.api, perSecond: 80, seconds } as const
  await lab.run("flooder", "flood", "raw", flood)

  // A database does not answer.
  lab.sh("database", dropping(port.database))
  const orders = { to: lab.address("database"), port: port.database, perSecond: 1, seconds, keepMs: 15_000 }
  await lab.run("observed", "shop-orders", "connect", { ...orders, ending: "close" })
}
