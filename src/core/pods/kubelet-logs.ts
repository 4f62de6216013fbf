/**
 * The names that the kubelet gives to the log folders of pods (k8s.io/kubernetes, pkg/kubelet/kuberuntime/legacy.go and
 * helpers.go): on every node, whatever the container engine, and without asking a program.
 */

export interface LogName {
  readonly namespace: string
  readonly pod: string
}

// Neither a namespace nor a pod may have an underscore in its name, nor be longer than this.
const NAME = "[a-z0-9][a-z0-9.-]{0,252}"
const FOLDER = new RegExp(`^(${NAME})_(${NAME})_([0-9a-f-]{8,36})$`)
const LINK = new RegExp(`^(${NAME})_(${NAME})_(${NAME})-([0-9a-f]{64})\\.log$`)

/** A folder of /var/log/pods, `NAMESPACE_POD_UID`. */
export function parsePodFolder(name: string): (LogName & { readonly uid: string }) | undefined {
  const [, namespace, pod, uid] = FOLDER.exec(name) ?? []
  return namespace === undefined ? undefined : { namespace, pod: pod!, uid: uid! }
}

/** A link of /var/log/containers, `POD_NAMESPACE_CONTAINER-ID.log`. */
export function parseContainerLog(
  name: string,
): (LogName & { readonly container: string; readonly id: string }) | undefined {
  const [, pod, namespace, container, id] = LINK.exec(name) ?? []
  return pod === undefined ? undefined : { namespace: namespace!, pod, container: container!, id: id! }
}
