import { describe, expect, test } from "bun:test"
import { cgroupAt, parseProcessCgroup } from "../../../src/core/proc/cgroup.ts"

const ID = "4f0c2a9b1d3e5f60718293a4b5c6d7e8f901234567890abcdef0123456789abc"

describe("what a cgroup is called", () => {
  test.each<[path: string, unit: string | undefined]>([
    ["/", undefined],
    ["/system.slice/nginx.service", "nginx.service"],
    ["/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"],
    ["/user.slice/user-1000.slice/session-3.scope", "session-3.scope"],
    ["/user.slice/user-1000.slice/user@1000.service/app.slice/app-foo.scope", "app-foo.scope"],
    ["/system.slice", "system.slice"],
    ["/init.scope", "init.scope"],
    [`/system.slice/docker-${ID}.scope`, "docker/4f0c2a9b1d3e"],
    [`/docker/${ID}`, "docker/4f0c2a9b1d3e"],
    [`/machine.slice/libpod-${ID}.scope/container`, "podman/4f0c2a9b1d3e"],
    [`/system.slice/cri-containerd-${ID}.scope`, "cri-containerd/4f0c2a9b1d3e"],
    [`/default/${ID}`, "container/4f0c2a9b1d3e"],
    ["/lxc.payload.web/system.slice", "lxc/web"],
    [
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3f2a1b7c_0d4e_4a5b.slice/cri-containerd-${ID}.scope`,
      "pod/3f2a1b7c/4f0c2a9b1d3e",
    ],
    [`/kubepods/burstable/pod3f2a1b7c-0d4e-4a5b/${ID}`, "pod/3f2a1b7c/4f0c2a9b1d3e"],
    [`/kubepods.slice/kubepods-pod3f2a1b7c_0d4e.slice/crio-${ID}.scope`, "pod/3f2a1b7c/4f0c2a9b1d3e"],
    ["/kubepods/pod3f2a1b7c-0d4e", "pod/3f2a1b7c"],
    // A kubelet with a root cgroup of its own (kind), inside a docker container.
    [
      `/docker/${"b".repeat(64)}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod3f2a1b7c_0d4e_4a5b.slice/cri-containerd-${ID}.scope`,
      "pod/3f2a1b7c/4f0c2a9b1d3e",
    ],
    // containerd with the plain driver under a kubelet with systemd's.
    [
      `/system.slice/containerd.service/kubepods-burstable-pod3f2a1b7c_0d4e_4a5b.slice:cri-containerd:${ID}`,
      "pod/3f2a1b7c/4f0c2a9b1d3e",
    ],
    // What watches a container is not in it.
    [`/system.slice/crio-conmon-${ID}.scope`, `crio-conmon-${ID}.scope`],
    // The innermost: a container engine inside a container.
    [`/docker/${ID}/system.slice/docker-${"b".repeat(64)}.scope`, "docker/bbbbbbbbbbbb"],
    ["/some/folder", "folder"],
  ])("%s", (path, unit) => {
    const { unit: _, container: _is, ...rest } = cgroupAt(path)
    expect(cgroupAt(path).unit).toBe(unit as string)
    expect(rest).toEqual({ path })
  })
})

describe("which container a cgroup is, in full", () => {
  const uid = "3f2a1b7c-0d4e-4a5b-9c8d-1234567890ab"
  const slice = uid.replaceAll("-", "_")
  const kubepods = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${slice}.slice`
  test.each<[path: string, container: ReturnType<typeof cgroupAt>["container"]]>([
    [`${kubepods}/cri-containerd-${ID}.scope`, { engine: "cri-containerd", id: ID, podUid: uid }],
    [`${kubepods}/crio-${ID}.scope/container`, { engine: "crio", id: ID, podUid: uid }],
    [`${kubepods}/docker-${ID}.scope`, { engine: "docker", id: ID, podUid: uid }],
    [`/kubepods/besteffort/pod${uid}/${ID}`, { engine: "container", id: ID, podUid: uid }],
    [`/kubepods/pod${uid}/crio-${ID}`, { engine: "crio", id: ID, podUid: uid }],
    [`/kubepods/pod${uid}`, { engine: "container", podUid: uid }],
    // A static pod has a hash for a UID.
    [`/kubepods/burstable/pod${"ab".repeat(16)}/${ID}`, { engine: "container", id: ID, podUid: "ab".repeat(16) }],
    [`/docker/${ID}`, { engine: "docker", id: ID }],
    ["/user.slice/user-1000.slice/session-3.scope", undefined],
  ])("%s", (path, container) => expect(cgroupAt(path).container).toEqual(container))
})

describe("/proc/PID/cgroup", () => {
  test.each<{ name: string; text: string; path: string | undefined }>([
    { name: "cgroup v2 alone", text: "0::/system.slice/a.service\n", path: "/system.slice/a.service" },
    {
      name: "both, where v2 is only the root",
      text: "9:name=systemd:/system.slice/b.service\n4:memory:/x/y\n0::/\n",
      path: "/system.slice/b.service",
    },
    {
      name: "both, where v2 leaves the container in its engine's service",
      text: `12:pids:/docker/${ID}\n1:name=systemd:/docker/${ID}\n0::/system.slice/containerd.service\n`,
      path: `/docker/${ID}`,
    },
    { name: "cgroup v1 without systemd", text: `4:memory:/docker/${ID}\n2:cpu,cpuacct:/\n`, path: `/docker/${ID}` },
    { name: "a name with colons", text: "0::/a:b:c\n", path: "/a:b:c" },
    { name: "only roots", text: "4:memory:/\n0::/\n", path: "/" },
    { name: "nothing that makes sense", text: "what\n", path: undefined },
    { name: "nothing", text: "", path: undefined },
  ])("$name", ({ text, path }) => expect(parseProcessCgroup(text)?.path).toBe(path as string))
})
