/** What made a pod, from names as clusters give them. */
import { describe, expect, test } from "bun:test"
import { workloadOf, workloadText } from "../../../src/core/pods/workload.ts"

const said = (name: string, facts: { labels?: Record<string, string>; annotations?: Record<string, string> } = {}) => {
  const workload = workloadOf({ name, ...facts })
  return workload === undefined ? undefined : `${workloadText(workload)}${workload.isSure ? "" : "?"}`
}

describe("the name alone", () => {
  test.each<[pod: string, workload: string | undefined]>([
    // A Deployment's: the hash of its template has an alphabet of ten characters.
    ["coredns-5d78c9869d-2x8kv", "Deployment coredns?"],
    ["my-service-7f8d9c-abc12", "Deployment my-service?"],
    ["api-gateway-5b6c7d8e9f-xz1y2", "Deployment api-gateway?"],
    ["a-b-c-66bff467f8-zzzzz", "Deployment a-b-c?"],
    // A word is no hash.
    ["kube-proxy-abc12", "DaemonSet, Job or ReplicaSet kube-proxy?"],
    ["kube-proxy-xkjtv", "DaemonSet, Job or ReplicaSet kube-proxy?"],
    ["fluent-bit-lxkv8", "DaemonSet, Job or ReplicaSet fluent-bit?"],
    ["redis-cluster6-x7k2p", "DaemonSet, Job or ReplicaSet redis-cluster6?"],
    ["redis-master-0", "StatefulSet redis-master?"],
    ["kafka-2", "StatefulSet kafka?"],
    ["kafka-12", "StatefulSet kafka?"],
    ["backup-28391520-x7k2p", "CronJob backup?"],
    ["backup-1609459200-x7k2p", "CronJob or Deployment backup?"],
    ["render-3-x7k2p", "Job render?"],
    ["standalone", undefined],
    ["my-nginx", undefined],
    ["kube-apiserver-master", undefined],
    ["web-007", undefined],
    ["", undefined],
    ["-x7k2p", undefined],
    // A prefix of more than 58 characters is cut, wherever that is.
    [`${"n".repeat(58)}x7k2p`, `${"n".repeat(58)}?`],
  ])("%s", (pod, workload) => expect(said(pod)).toBe(workload as string))
})

describe("labels of the controllers are sure", () => {
  const hash = { "pod-template-hash": "5d78c9869d" }
  const daemon = { "controller-revision-hash": "7c8b9d6f54", "pod-template-generation": "3" }
  test.each<[pod: string, facts: Parameters<typeof said>[1], workload: string | undefined]>([
    ["coredns-5d78c9869d-2x8kv", { labels: hash }, "Deployment coredns"],
    ["kube-proxy-x7k2p", { labels: daemon }, "DaemonSet kube-proxy"],
    ["kafka-2", { labels: { "statefulset.kubernetes.io/pod-name": "kafka-2" } }, "StatefulSet kafka"],
    ["render-3-x7k2p", { labels: { "batch.kubernetes.io/job-name": "render" } }, "Job render"],
    ["render-x7k2p", { labels: { "job-name": "render" } }, "Job render"],
    ["backup-28391520-x7k2p", { labels: { "job-name": "backup-28391520" } }, "CronJob backup?"],
    ["etcd-node7", { annotations: { "kubernetes.io/config.source": "file" } }, "static pod etcd-node7"],
    ["web-x7k2p", { annotations: { "kubernetes.io/config.source": "api" } }, "DaemonSet, Job or ReplicaSet web?"],
    // The name is another than the hash wants: somebody wrote that label.
    ["mine", { labels: hash }, undefined],
    // Cut in the middle of the hash.
    [`${"n".repeat(50)}-5d78c98x7k2p`, { labels: hash }, `Deployment ${"n".repeat(50)}?`],
    // What people write says whose it is, and only where nothing else does.
    ["standalone", { labels: { app: "shop" } }, "shop?"],
    ["standalone", { labels: { "app.kubernetes.io/name": "cart", app: "shop" } }, "cart?"],
    ["kafka-2", { labels: { app: "shop" } }, "StatefulSet kafka?"],
  ])("%s %j", (pod, facts, workload) => expect(said(pod, facts)).toBe(workload as string))
})
