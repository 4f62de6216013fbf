/**
 * Control groups by name: whose a process is, as systemd, container engines and Kubernetes lay out their folders, in
 * cgroup v1 and v2, by systemd's driver (slices and scopes) and the plain one (a folder below another).
 *
 * Names come from outside: a container's is whatever its engine was told.
 */

export interface Cgroup {
  /** Below the root of its hierarchy, `/system.slice/nginx.service`. */
  readonly path: string
  /** What an operator calls it: `nginx.service`, `docker/4f0c2a9b1d3e`, `pod/3f2a1b7c/4f0c2a9b1d3e`. Absent for the root. */
  readonly unit?: string
  /** It is a container or a pod, and no unit of the host's own. */
  readonly container?: Container
}

export interface Container {
  /** Who made it, as far as its folder tells: `docker`, `cri-containerd`, `crio`, `podman` …; `container` where it does not. */
  readonly engine: string
  /** In full. Absent for what is a pod's own and in none of its containers. */
  readonly id?: string
  /** Of a pod, as the kubelet knows it: with dashes; of a static pod 32 digits without. */
  readonly podUid?: string
}

/** As the engines' own tools shorten it. */
export const ID_SHOWN = 12
const POD_ID_SHOWN = 8

/** The folder of one container, by engine: systemd's way (a scope) and the plain one (a folder below another). */
const engines: readonly { readonly engine: string; readonly scope: RegExp; readonly folder?: RegExp }[] = [
  { engine: "docker", scope: /^docker-([0-9a-f]{64})\.scope$/, folder: /^docker$/ },
  { engine: "cri-containerd", scope: /^cri-containerd-([0-9a-f]{64})\.scope$/ },
  // What watches a container (crio-conmon-ID.scope) is not in it.
  { engine: "crio", scope: /^crio-([0-9a-f]{64})(?:\.scope)?$/ },
  { engine: "podman", scope: /^libpod-([0-9a-f]{64})(?:\.scope)?$/, folder: /^libpod_parent$/ },
  { engine: "containerd", scope: /^nerdctl-([0-9a-f]{64})\.scope$/ },
  { engine: "lxc", scope: /^lxc\.payload\.(.+)$/, folder: /^lxc$/ },
  { engine: "machine", scope: /^machine-(.+)\.scope$/ },
]
const BARE_ID = /^[0-9a-f]{64}$/
/**
 * `pod3f2a1b7c-…` or, with systemd, `kubepods-besteffort-pod3f2a1b7c_….slice`; a kubelet with a root cgroup of its own
 * puts that name in front (`kubelet-kubepods-…`).
 */
const POD = /^(?:(?:[a-z0-9]+-)*kubepods(?:-[a-z]+)*-)?pod([0-9a-f][0-9a-f_-]{7,})(?:\.slice)?$/
/** containerd with the plain driver under a kubelet with systemd's: three names in one folder, `SLICE:cri-containerd:ID`. */
const JOINED = /^(.+\.slice):([a-z0-9.-]+):([0-9a-f]{64})$/
const SYSTEMD_UNIT = /\.(service|scope|socket|mount|slice)$/

/** The cgroup at a path, named. The innermost container wins, then the innermost unit, then the folder itself. */
export function cgroupAt(path: string): Cgroup {
  const folders = path.split("/").flatMap(foldersIn)
  const container = podOf(folders) ?? containerOf(folders)
  if (container !== undefined) return { path, unit: containerName(container), container }
  const unit = systemdUnitOf(folders) ?? folders.at(-1)
  return { path: path === "" ? "/" : path, ...(unit !== undefined && { unit }) }
}

function foldersIn(folder: string): readonly string[] {
  const [, slice, engine, id] = JOINED.exec(folder) ?? []
  if (slice !== undefined) return [slice, `${engine}-${id}.scope`]
  return folder === "" ? [] : [folder]
}

/** `docker/4f0c2a9b1d3e`, `pod/3f2a1b7c/4f0c2a9b1d3e`. */
export function containerName({ engine, id, podUid }: Container): string {
  if (podUid === undefined) return `${engine}/${shortened(id ?? "")}`
  const pod = `pod/${podUid.slice(0, POD_ID_SHOWN)}`
  return id === undefined ? pod : `${pod}/${shortened(id)}`
}

export const shortened = (id: string): string => (BARE_ID.test(id) ? id.slice(0, ID_SHOWN) : id)

function podOf(folders: readonly string[]): Container | undefined {
  const at = folders.findLastIndex((folder) => POD.test(folder))
  if (at < 0) return undefined
  const podUid = POD.exec(folders[at]!)![1]!.replaceAll("_", "-")
  const inside = folders.slice(at + 1)
  const scope = inside.map(scopeOf).find((found) => found !== undefined)
  if (scope !== undefined) return { ...scope, podUid }
  const id = inside.find((name) => BARE_ID.test(name))
  return { engine: "container", ...(id !== undefined && { id }), podUid }
}

function scopeOf(folder: string): Container | undefined {
  for (const { engine, scope } of engines) {
    const id = scope.exec(folder)?.[1]
    if (id !== undefined) return { engine, id }
  }
  return undefined
}

function containerOf(folders: readonly string[]): Container | undefined {
  for (let at = folders.length - 1; at >= 0; at--) {
    const scope = scopeOf(folders[at]!)
    if (scope !== undefined) return scope
    const id = folders[at]!
    const above = folders[at - 1] ?? ""
    const engine = engines.find(({ folder }) => folder?.test(above))?.engine
    if (engine !== undefined) return { engine, id }
    if (BARE_ID.test(id)) return { engine: "container", id }
  }
  return undefined
}

/** A slice is only a place; a service or scope inside it is what runs. */
function systemdUnitOf(folders: readonly string[]): string | undefined {
  const units = folders.filter((folder) => SYSTEMD_UNIT.test(folder))
  return units.findLast((unit) => !unit.endsWith(".slice")) ?? units.at(-1)
}

/**
 * The cgroup that /proc/PID/cgroup tells: of cgroup v2 (`0::/…`) where that is more than the root, else of systemd's own
 * hierarchy, else the deepest of any controller; but one that is a container's before one that is not, since on hosts with
 * both versions an engine may move its containers in v1 alone and leave them in its own service in v2. `undefined` when
 * the text tells none.
 */
export function parseProcessCgroup(text: string): Cgroup | undefined {
  const paths = new Map<string, string>()
  for (const line of text.split("\n")) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    if (path !== undefined) paths.set(id === "0" ? "" : controllers!, path)
  }
  const named = [paths.get(""), paths.get("name=systemd"), ...paths.values()].filter((path) => path !== undefined)
  const contained = named.find((candidate) => cgroupAt(candidate).container !== undefined)
  const path = contained ?? named.slice(0, 2).find((candidate) => candidate !== "/") ?? deepest(named)
  return path === undefined ? undefined : cgroupAt(path)
}

const deepest = (paths: readonly string[]): string | undefined =>
  paths.toSorted((a, b) => b.split("/").length - a.split("/").length || b.length - a.length)[0]
