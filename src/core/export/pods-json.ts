/** Who uses a port as JSON for programs: snake_case names, what is not known is null. */
import type { PortLookup, PortUser } from "../pods/port-users.ts"

export const podsJson = ({ port, users, namespaceCount, isComplete, notes }: PortLookup) => ({
  port,
  found: users.length > 0,
  users: users.map(userJson),
  network_namespaces: namespaceCount,
  /** False: somebody may be hidden, and `notes` says why. */
  complete: isComplete,
  notes,
})

const userJson = (user: PortUser) => {
  const { process, cgroup, pod, workload } = user
  const container = cgroup?.container
  return {
    match: user.match,
    proto: user.protocol,
    pid: process?.pid ?? null,
    process: process?.name ?? null,
    process_sure: process?.isSure ?? null,
    /** True: the kernel alone ends these sockets. False with no process: nobody that may be seen holds them. */
    unheld: user.isUnheld === true,
    shared_by: process?.sharerCount ?? null,
    container_engine: container?.engine ?? null,
    container_id: container?.id ?? null,
    container_name: user.containerName ?? null,
    /** Inferred from other processes of the network namespace. */
    container_inferred: container === undefined ? null : user.isCgroupInferred === true,
    pod_uid: pod?.uid ?? container?.podUid ?? null,
    pod: pod?.name ?? null,
    pod_namespace: pod?.namespace ?? null,
    /** kubelet, crictl, or hostname, which is unsure. */
    pod_source: pod?.source ?? null,
    workload: workload?.name ?? null,
    /** Where several fit, the likeliest first; none: a label names it. */
    workload_kinds: workload?.kinds ?? null,
    workload_sure: workload?.isSure ?? null,
    unit: cgroup?.unit ?? null,
    cgroup: cgroup?.path ?? null,
    /** Null: the port is translated to an address of no namespace that may be seen. */
    netns: user.netns.name || null,
    netns_inode: user.netns.id || null,
    translated_to_ip: user.published?.address ?? null,
    translated_to_port: user.published?.port ?? null,
    ends: user.ends,
    end_count: user.endCount,
    listeners: user.listenerCount,
    connections: user.connectionCount,
    states: Object.fromEntries(user.states),
  }
}
