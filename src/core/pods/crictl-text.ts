/**
 * What `crictl inspect` and `inspectp` print (sigs.k8s.io/cri-tools): JSON that the engine filled in. Nothing of it is
 * trusted: what is not the text it should be is left out.
 */

export interface InspectedContainer {
  readonly containerName?: string
  readonly podName?: string
  readonly podNamespace?: string
  readonly podUid?: string
  /** The pod as the engine knows it: `inspectp` takes it. */
  readonly sandboxId?: string
}

export interface InspectedPod {
  readonly name?: string
  readonly namespace?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

type Unknown = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Unknown) : {}
const asText = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)
const withText = <K extends string>(key: K, value: unknown) =>
  (asText(value) === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string }

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asObject(value)).filter(([, text]) => typeof text === "string")) as Record<
    string,
    string
  >
}

/** Nothing when the text is no JSON. */
function parse(text: string): Unknown | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function parseInspectedContainer(text: string): InspectedContainer | undefined {
  const answer = parse(text)
  if (answer === undefined) return undefined
  const status = asObject(answer.status)
  const info = asObject(answer.info)
  const labels = asObject(status.labels)
  return {
    ...withText("containerName", labels["io.kubernetes.container.name"] ?? asObject(status.metadata).name),
    ...withText("podName", labels["io.kubernetes.pod.name"]),
    ...withText("podNamespace", labels["io.kubernetes.pod.namespace"]),
    ...withText("podUid", labels["io.kubernetes.pod.uid"]),
    ...withText("sandboxId", info.sandboxID ?? info.sandboxId),
  }
}

export function parseInspectedPod(text: string): InspectedPod | undefined {
  const answer = parse(text)
  if (answer === undefined) return undefined
  const status = asObject(answer.status)
  const metadata = asObject(status.metadata)
  return {
    ...withText("name", metadata.name),
    ...withText("namespace", metadata.namespace),
    labels: texts(status.labels),
    annotations: texts(status.annotations),
  }
}
