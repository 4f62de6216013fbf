/** Builders: who uses a port. A test names only what it is about. */
import type { PortLookup, PortUser } from "../../src/core/pods/port-users.ts"
import { cgroupAt } from "../../src/core/proc/cgroup.ts"
import type { Owner } from "../../src/core/sample/owners.ts"

export const CONTAINER_ID = "4f0c2a9b1d3e5f60718293a4b5c6d7e8f901234567890abcdef0123456789abc"
export const POD_UID = "3f2a1b7c-0d4e-4a5b-9c8d-1234567890ab"
export const POD_CGROUP = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_UID.replaceAll("-", "_")}.slice/cri-containerd-${CONTAINER_ID}.scope`

export const holder = (pid: number, name: string, more: Partial<Owner> = {}): Owner => ({
  pid,
  startTime: pid,
  name,
  isSure: true,
  sharerCount: 1,
  ...more,
})

export const portUser = (more: Partial<PortUser> = {}): PortUser => ({
  match: "listens",
  protocol: "tcp",
  netns: { id: 4_026_531_840, name: "host" },
  ends: ["0.0.0.0:8080"],
  endCount: 1,
  listenerCount: 1,
  connectionCount: 0,
  states: [],
  ...more,
})

/** A Deployment's container with connections; nothing of it is unsure but what made it. */
export const podUser = (more: Partial<PortUser> = {}): PortUser =>
  portUser({
    process: holder(4121, "nginx", { sharerCount: 5 }),
    cgroup: cgroupAt(POD_CGROUP),
    containerName: "web",
    pod: { uid: POD_UID, name: "checkout-5d78c9869d-2x8kv", namespace: "shop", source: "kubelet" },
    workload: { kinds: ["Deployment"], name: "checkout", isSure: false, from: "name" },
    netns: { id: 4_026_532_261, name: "pod/3f2a1b7c/4f0c2a9b1d3e" },
    connectionCount: 12,
    states: [
      ["ESTABLISHED", 10],
      ["TIME_WAIT", 2],
    ],
    ...more,
  })

export const portLookup = (more: Partial<PortLookup> = {}): PortLookup => ({
  port: 8080,
  users: [],
  namespaceCount: 3,
  notes: [],
  isComplete: true,
  ...more,
})
