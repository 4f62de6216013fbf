/**
 * What made a pod, told from its name and, where they are known, its labels.
 *
 * A controller names its pods itself (k8s.io/apiserver, names/generate.go; k8s.io/kubernetes, pkg/controller): a prefix and
 * five random characters of a small alphabet; a Deployment's ReplicaSet puts the hash of its template in front of them, a
 * StatefulSet counts, a CronJob's Job has the minute it was due at. A person may name a pod like that too, so a name alone
 * is never sure.
 */

export type WorkloadKind = "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" | "ReplicaSet" | "static pod"

export interface Workload {
  /** In the order of likelihood. Empty: a name alone, since its label says what it belongs to and nothing says how. */
  readonly kinds: readonly WorkloadKind[]
  readonly name: string
  readonly isSure: boolean
  /** What it is told from. */
  readonly from: "name" | "labels"
}

export interface PodFacts {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** What Kubernetes makes random characters of: no vowels, so that no word comes about, and no 0, 1 and 3. */
const RANDOM = "[bcdfghjklmnpqrstvwxz2456789]{5}"
/** A sum of 32 bits in decimal, each digit written in that alphabet: ten characters of it occur. Below six digits one in 40,000 times. */
const TEMPLATE_HASH = "[456789bcdf]{6,10}"
/** What older clusters and other hands write in their places: hexadecimal or decimal digits; five characters, one a digit. */
const HASH_LIKE = "(?=[a-f]*[0-9])[0-9a-f]{6,10}"
const RANDOM_LIKE = "(?=[a-z]*[0-9])[a-z0-9]{5}"
const EITHER = `(?:${RANDOM}|${RANDOM_LIKE})`

/** Kubernetes cuts what stands in front of the five characters to this, the dash included. */
const PREFIX_MAX = 58
const NAME_MAX = PREFIX_MAX + 5

interface Pattern {
  readonly pattern: RegExp
  readonly kinds: readonly WorkloadKind[]
}

/** The first that fits. What stands in brackets is the name of the workload. */
const patterns: readonly Pattern[] = [
  // The minute it was due at, counted from 1970: eight digits from 1989 to 2160.
  { pattern: new RegExp(`^(.+)-[1-9]\\d{7}-${EITHER}$`), kinds: ["CronJob"] },
  // Seconds until Kubernetes 1.20; and until 1.8 hashes were decimal.
  { pattern: new RegExp(`^(.+)-1\\d{9}-${EITHER}$`), kinds: ["CronJob", "Deployment"] },
  { pattern: new RegExp(`^(.+)-(?:${TEMPLATE_HASH}|${HASH_LIKE})-${EITHER}$`), kinds: ["Deployment"] },
  // An indexed Job: which of its pods, and five characters.
  { pattern: new RegExp(`^(.+)-\\d{1,5}-${EITHER}$`), kinds: ["Job"] },
  { pattern: /^(.+)-(?:0|[1-9]\d{0,4})$/, kinds: ["StatefulSet"] },
  { pattern: new RegExp(`^(.+)-${EITHER}$`), kinds: ["DaemonSet", "Job", "ReplicaSet"] },
]

/** Nothing when the pod was made by hand, as far as can be told. */
export function workloadOf(pod: PodFacts): Workload | undefined {
  return byLabels(pod) ?? byName(pod.name) ?? byAppLabel(pod.labels ?? {})
}

function byName(name: string): Workload | undefined {
  for (const { pattern, kinds } of patterns) {
    const found = pattern.exec(name)?.[1]
    if (found !== undefined) return { kinds, name: found, isSure: false, from: "name" }
  }
  // Too long a prefix was cut, maybe in the middle of a hash, and its dash is gone.
  if (name.length === NAME_MAX) return { kinds: [], name: name.slice(0, PREFIX_MAX), isSure: false, from: "name" }
  return undefined
}

/** Labels that the controllers themselves put on their pods. */
function byLabels({ name, labels = {}, annotations = {} }: PodFacts): Workload | undefined {
  const sure = (kind: WorkloadKind, workload: string): Workload => ({
    kinds: [kind],
    name: workload,
    isSure: true,
    from: "labels",
  })
  const source = annotations["kubernetes.io/config.source"]
  // The API server's own source is "api"; of a file or an address the kubelet makes the pod by itself.
  if (source === "file" || source === "http" || annotations["kubernetes.io/config.mirror"] !== undefined)
    return sure("static pod", name)
  const job = labels["batch.kubernetes.io/job-name"] ?? labels["job-name"]
  if (job !== undefined) {
    const cronJob = /^(.+)-(?:[1-9]\d{7}|1\d{9})$/.exec(job)?.[1]
    // A Job may be called like that by a person.
    return cronJob === undefined
      ? sure("Job", job)
      : { kinds: ["CronJob"], name: cronJob, isSure: false, from: "labels" }
  }
  if (
    labels["statefulset.kubernetes.io/pod-name"] !== undefined ||
    labels["apps.kubernetes.io/pod-index"] !== undefined
  ) {
    const set = /^(.+)-\d+$/.exec(name)?.[1]
    if (set !== undefined) return sure("StatefulSet", set)
  }
  const hash = labels["pod-template-hash"]
  if (hash !== undefined && hash !== "") {
    // The ReplicaSet's name is the Deployment's and the hash; what follows is five characters.
    const prefix = name.slice(0, -5).replace(/-$/, "")
    if (prefix.endsWith(`-${hash}`)) return sure("Deployment", prefix.slice(0, -hash.length - 1))
    const cutAt = prefix.lastIndexOf("-")
    if (name.length === NAME_MAX && cutAt > 0 && hash.startsWith(prefix.slice(cutAt + 1)))
      return { kinds: ["Deployment"], name: prefix.slice(0, cutAt), isSure: false, from: "labels" }
  }
  if (labels["controller-revision-hash"] !== undefined && labels["pod-template-generation"] !== undefined) {
    const set = new RegExp(`^(.+)-${RANDOM}$`).exec(name)?.[1]
    if (set !== undefined) return sure("DaemonSet", set)
  }
  return undefined
}

/** Labels that people put on: whose it is, not what made it. */
function byAppLabel(labels: Readonly<Record<string, string>>): Workload | undefined {
  const name = labels["app.kubernetes.io/name"] ?? labels.app ?? labels["app.kubernetes.io/instance"]
  return name === undefined || name === "" ? undefined : { kinds: [], name, isSure: false, from: "labels" }
}

/** `Deployment checkout`, `DaemonSet, Job or ReplicaSet kube-proxy`. */
export function workloadText({ kinds, name }: Workload): string {
  if (kinds.length === 0) return name
  const kindsText = kinds.length === 1 ? kinds[0]! : `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)}`
  return `${kindsText} ${name}`
}
