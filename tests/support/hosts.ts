/** Hosts that several tests look at. */
import type { ConnectionSpec, HostSpec } from "./host.ts"

/** A calm web server: the twelve connections of the original's sketches, and two that it opened itself. */
export const webServer: HostSpec = {
  connections: [
    web("198.51.100.24:51822", 1_363_149, 83_968),
    { ...web("203.0.113.77:40112", 640_000, 20_992), sendQueue: 9728 },
    {
      local: "10.0.0.10:22",
      remote: "192.0.2.15:59788",
      process: "sshd",
      pid: 2210,
      tx: 10_547,
      rx: 420,
      sendQueue: 36,
    },
    {
      local: "10.0.0.10:8080",
      remote: "198.51.100.9:50544",
      process: "api",
      pid: 3391,
      state: "CLOSE_WAIT",
      receiveQueue: 1,
    },
    web("198.51.100.24:51830", 0, 0),
    web("198.51.100.31:47002", 0, 0),
    web("198.51.100.31:47004", 171, 71),
    ended("203.0.113.77:40090"),
    ended("203.0.113.77:40094"),
    ended("203.0.113.77:40096"),
    { ...web("[2001:db8:85a3:8d3:1319:8a2e:370:7348]:50126", 48_000, 1200), local: "[2001:db8:1::10]:443" },
    { local: "10.0.0.10:22", remote: "192.0.2.15:59790", process: "sshd", pid: 2210 },
    { local: "10.0.0.10:51000", remote: "10.0.4.31:5432", process: "api", pid: 3391, tx: 4300, rx: 91_000 },
    { local: "10.0.0.10:51002", remote: "10.0.4.31:5432", process: "api", pid: 3391 },
  ],
}

function web(remote: string, tx: number, rx: number): ConnectionSpec {
  return { local: "10.0.0.10:443", remote, process: "nginx", pid: 1204, tx, rx }
}

function ended(remote: string): ConnectionSpec {
  return { local: "10.0.0.10:443", remote, state: "TIME_WAIT", process: "nginx", pid: 1204, isSure: false }
}

/** `n` connections to port 443, the first the busiest; from `n / 2` peers. */
export const crowd = (n: number): HostSpec => ({
  connections: Array.from({ length: n }, (_, i) => ({
    local: "10.0.0.10:443",
    remote: `10.1.${i >> 9}.${(i >> 1) & 255}:${40_000 + (i % 20_000)}`,
    process: "nginx",
    pid: 1204,
    tx: (n - i) * 1000,
  })),
})

/** Names that try to leave their column. `\ufffd` is what a 15-byte name cut inside a character is read as. */
export const hostileNames = [
  "\x1b[31mred\x1b[0m",
  "\x1b]0;title\x07",
  "\x9b2J\x9bH",
  "a\tb\r\nc",
  "[red]bold[/]",
  "漢字かな交じり",
  "🚀🚀🚀🚀🚀🚀🚀",
  "👩‍👩‍👧‍👦fam",
  "🇩🇪🇫🇷",
  "e\u0301\u0301\u0301\u0301",
  "\u202egnp.exe",
  "\u200b\u200b\u200b",
  "caf\ufffd",
  "שלום עולם",
  "ﾊﾝｶｸ",
  "\0\0",
  "",
  "x".repeat(15),
]

export const hostile: HostSpec = {
  connections: hostileNames.map((process, i) => ({
    local: "10.0.0.10:443",
    remote: `198.51.100.${i + 1}:50000`,
    process,
    pid: 100 + i,
    tx: 1000 * (hostileNames.length - i),
  })),
}
