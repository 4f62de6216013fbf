/** Names that the kubelet and crictl give, and what is none. */
import { describe, expect, test } from "bun:test"
import { parseInspectedContainer, parseInspectedPod } from "../../../src/core/pods/crictl-text.ts"
import { parseContainerLog, parsePodFolder } from "../../../src/core/pods/kubelet-logs.ts"
import { CONTAINER_ID, POD_UID } from "../../support/port-lookups.ts"

describe("the kubelet's log folders", () => {
  test.each([
    [
      `shop_checkout-5d78c9869d-2x8kv_${POD_UID}`,
      { namespace: "shop", pod: "checkout-5d78c9869d-2x8kv", uid: POD_UID },
    ],
    [`kube-system_etcd-n1_${"ab".repeat(16)}`, { namespace: "kube-system", pod: "etcd-n1", uid: "ab".repeat(16) }],
    ["shop_checkout", undefined],
    [`shop_check\nout_${POD_UID}`, undefined],
    [`../.._x_${POD_UID}`, undefined],
  ])("%j", (name, expected) => expect(parsePodFolder(name)).toEqual(expected))

  test.each([
    [
      `checkout-5d78c9869d-2x8kv_shop_web-proxy-${CONTAINER_ID}.log`,
      { namespace: "shop", pod: "checkout-5d78c9869d-2x8kv", container: "web-proxy", id: CONTAINER_ID },
    ],
    [`checkout_shop_web-${CONTAINER_ID}`, undefined],
    ["checkout_shop_web-4f0c.log", undefined],
  ])("%s", (name, expected) => expect(parseContainerLog(name)).toEqual(expected))
})

describe("crictl", () => {
  test("a container names its pod, and the sandbox in either spelling", () => {
    const labels = {
      "io.kubernetes.container.name": "web",
      "io.kubernetes.pod.name": "checkout-5d78c9869d-2x8kv",
      "io.kubernetes.pod.namespace": "shop",
      "io.kubernetes.pod.uid": POD_UID,
    }
    const names = {
      containerName: "web",
      podName: labels["io.kubernetes.pod.name"],
      podNamespace: "shop",
      podUid: POD_UID,
    }
    const text = (info: object) => JSON.stringify({ status: { id: CONTAINER_ID, labels }, info })
    expect(parseInspectedContainer(text({ sandboxID: "ab12" }))).toEqual({ ...names, sandboxId: "ab12" })
    expect(parseInspectedContainer(text({ sandboxId: "ab12" }))).toEqual({ ...names, sandboxId: "ab12" })
  })

  test("a pod has labels and annotations, those that are text", () => {
    const status = {
      metadata: { name: "checkout", namespace: "shop" },
      labels: { app: "checkout", odd: 7 },
      annotations: { "kubernetes.io/config.source": "api", nested: {} },
    }
    expect(parseInspectedPod(JSON.stringify({ status }))).toEqual({
      name: "checkout",
      namespace: "shop",
      labels: { app: "checkout" },
      annotations: { "kubernetes.io/config.source": "api" },
    })
  })

  test.each(["", "no json", "null", "[]", "7", '{"status":[],"info":3}', '{"status":{"labels":"x"}}'])(
    "of %j nothing is believed",
    (text) => {
      expect(parseInspectedContainer(text) ?? {}).toEqual({})
      expect(parseInspectedPod(text) ?? { labels: {}, annotations: {} }).toEqual({ labels: {}, annotations: {} })
    },
  )
})
