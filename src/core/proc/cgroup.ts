/**
 * Control groups by name: whose a process is, as systemd, container engines and Kubernetes lay out their folders.
 *
 * Names come from outside: a container's is whatever its engine was told.
 */

export interface Cgroup {
  /** Below the root of its hierarchy, `/system.slice/nginx.service`. */
  readonly path: string
  /** What an operator calls it: `nginx.service`, `docker/4f0c2a9b1d3e`, `pod/3f2a1b7c/4f0c2a9b1d3e`. Absent for the root. */
  readonly unit?: string
  /** It is a container or a pod, and no unit of the host's own. */
  readonly isContainer?: true
}

/** As the engines' own tools shorten it. */
const ID_SHOWN = 12
const POD_ID_SHOWN = 8

/** The folder of one container, by engine: systemd's way (a scope) and the plain one (a folder below another). */
const containers: readonly { readonly engine: string; readonly scope: RegExp; readonly folder?: RegExp }[] = [
  { engine: "docker", scope: /^docker-([0-9a-f]{64})\.scope$/, folder: /^docker$/ },
  { engine: "cri-containerd", scope: /^cri-containerd-([0-9a-f]{64})\.scope$/ },
  { engine: "crio", scope: /^crio-([0-9a-f]{64})(?:\.scope)?$/ },
  { engine: "podman", scope: /^libpod-([0-9a-f]{64})\.scope$/, folder: /^libpod_parent$/ },
  { engine: "containerd", scope: /^nerdctl-([0-9a-f]{64})\.scope$/ },
  { engine: "lxc", scope: /^lxc\.payload\.(.+)$/, folder: /^lxc$/ },
  { engine: "machine", scope: /^machine-(.+)\.scope$/ },
]
const BARE_ID = /^[0-9a-f]{64}$/
/** `pod3f2a1b7c-…` or, with systemd, `kubepods-besteffort-pod3f2a1b7c_….slice`. */
const POD = /^(?:kubepods(?:-[a-z]+)*-)?pod([0-9a-f][0-9a-f_-]{7,})(?:\.slice)?$/
const SYSTEMD_UNIT = /\.(service|scope|socket|mount|slice)$/

/** The cgroup at a path, named. The innermost container wins, then the innermost unit, then the folder itself. */
export function cgroupAt(path: string): Cgroup {
  const folders = path.split("/").filter((folder) => folder !== "")
  const container = podOf(folders) ?? containerOf(folders)
  if (container !== undefined) return { path, unit: container, isContainer: true }
  const unit = systemdUnitOf(folders) ?? folders.at(-1)
  return { path: path === "" ? "/" : path, ...(unit !== undefined && { unit }) }
}

function podOf(folders: readonly string[]): string | undefined {
  const at = folders.findLastIndex((folder) => POD.test(folder))
  if (at < 0) return undefined
  const pod = POD.exec(folders[at]!)![1]!.slice(0, POD_ID_SHOWN)
  const inside = folders.slice(at + 1)
  const container = inside.map(containerId).find((id) => id !== undefined) ?? inside.find((name) => BARE_ID.test(name))
  return container === undefined ? `pod/${pod}` : `pod/${pod}/${container.slice(0, ID_SHOWN)}`
}

const containerId = (folder: string) => containers.map(({ scope }) => scope.exec(folder)?.[1]).find((id) => id)

function containerOf(folders: readonly string[]): string | undefined {
  for (let at = folders.length - 1; at >= 0; at--) {
    for (const { engine, scope, folder } of containers) {
      const id = scope.exec(folders[at]!)?.[1]
      if (id !== undefined) return `${engine}/${shortened(id)}`
      if (at > 0 && folder?.test(folders[at - 1]!) === true) return `${engine}/${shortened(folders[at]!)}`
    }
    if (BARE_ID.test(folders[at]!)) return `container/${shortened(folders[at]!)}`
  }
  return undefined
}

const shortened = (id: string) => (BARE_ID.test(id) ? id.slice(0, ID_SHOWN) : id)

/** A slice is only a place; a service or scope inside it is what runs. */
function systemdUnitOf(folders: readonly string[]): string | undefined {
  const units = folders.filter((folder) => SYSTEMD_UNIT.test(folder))
  return units.findLast((unit) => !unit.endsWith(".slice")) ?? units.at(-1)
}

/**
 * The cgroup that /proc/PID/cgroup tells: of cgroup v2 (`0::/…`) where that is more than the root, else of systemd's own
 * hierarchy, else the deepest of any controller. `undefined` when the text tells none.
 */
export function parseProcessCgroup(text: string): Cgroup | undefined {
  const paths = new Map<string, string>()
  for (const line of text.split("\n")) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (path !== undefined) paths.set(id === "0" ? "" : controllers!, path)
  }
  const named = [paths.get(""), paths.get("name=systemd"), ...paths.values()].filter((path) => path !== undefined)
  const path = named.slice(0, 2).find((candidate) => candidate !== "/") ?? deepest(named)
  return path === undefined ? undefined : cgroupAt(path)
}

const deepest = (paths: readonly string[]): string | undefined =>
  paths.toSorted((a, b) => b.split("/").length - a.split("/").length || b.length - a.length)[0]
