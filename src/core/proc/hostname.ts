/** The name that a container was given, from /proc/PID/environ: text that the process's maker chose. */

/** The first HOSTNAME among `NAME=VALUE` ended by NUL each; nothing when it is no name a pod may have. */
export function hostnameIn(environ: string): string | undefined {
  const found = environ.split("\0").find((entry) => entry.startsWith("HOSTNAME="))
  const name = found?.slice("HOSTNAME=".length)
  return name !== undefined && /^[a-z0-9][a-z0-9.-]{0,252}$/.test(name) ? name : undefined
}
