/** Name servers of /etc/resolv.conf (resolv.conf(5)): at most three count, a zone is left out. */
const SERVERS_MAX = 3

export const parseNameServers = (text: string): readonly string[] =>
  text
    .split("\n")
    .flatMap((line) => /^\s*nameserver\s+([^\s#;]+)/.exec(line)?.[1]?.replace(/%.*$/, "") ?? [])
    .slice(0, SERVERS_MAX)
