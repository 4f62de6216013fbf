/**
 * What a user's container and pod are called: by the kubelet's log folders, by `crictl` where that is there, else by the
 * environment of its process.
 */
import type { PodName, PortUser } from "../../core/pods/port-users.ts"
import { workloadOf } from "../../core/pods/workload.ts"
import { hostnameIn } from "../../core/proc/hostname.ts"
import { readText } from "../text-file.ts"
import type { Crictl } from "./crictl.ts"
import type { KubeletNames } from "./kubelet-names.ts"

/** More of an environment is not read. */
const ENVIRON_MAX = 262_144

export async function withNames(
  user: PortUser,
  proc: string,
  kubelet: KubeletNames,
  crictl: Crictl,
): Promise<PortUser> {
  const container = user.cgroup?.container
  if (container === undefined) return user
  const { id, podUid } = container
  const logged = id === undefined ? undefined : kubelet.byContainer.get(id)
  const folder = podUid === undefined ? undefined : kubelet.byUid.get(podUid)
  const isOfPod = podUid !== undefined || logged !== undefined || ["cri-containerd", "crio"].includes(container.engine)
  if (!isOfPod) return user
  const asked = id === undefined ? undefined : await crictl.inspect(id)
  const uid = podUid ?? asked?.container.podUid
  const names: PodName =
    chosen("kubelet", logged?.pod ?? folder?.pod, logged?.namespace ?? folder?.namespace) ??
    chosen(
      "crictl",
      asked?.container.podName ?? asked?.pod?.name,
      asked?.container.podNamespace ?? asked?.pod?.namespace,
    ) ??
    chosen("hostname", podUid === undefined ? undefined : readHostname(user, proc), undefined) ??
    {}
  const pod: PodName = { ...(uid === undefined ? {} : { uid }), ...names }
  const containerName = logged?.container ?? asked?.container.containerName
  const workload =
    pod.name === undefined
      ? undefined
      : workloadOf({
          name: pod.name,
          ...(asked?.pod === undefined ? {} : { labels: asked.pod.labels, annotations: asked.pod.annotations }),
        })
  return {
    ...user,
    ...(uid === undefined && pod.name === undefined ? {} : { pod }),
    ...(containerName === undefined ? {} : { containerName }),
    ...(workload === undefined ? {} : { workload }),
  }
}

function chosen(
  source: NonNullable<PodName["source"]>,
  name: string | undefined,
  namespace: string | undefined,
): PodName | undefined {
  return name === undefined ? undefined : { name, source, ...(namespace === undefined ? {} : { namespace }) }
}

/** A pod on the host's network has the host's name, which says nothing. */
function readHostname({ process: owner }: PortUser, proc: string): string | undefined {
  if (owner === undefined) return undefined
  try {
    const name = hostnameIn(readText(`${proc}/${owner.pid}/environ`, ENVIRON_MAX).text)
    return name === readText(`${proc}/sys/kernel/hostname`).text.trim() ? undefined : name
  } catch {
    // Its environment is not ours to read.
    return undefined
  }
}
