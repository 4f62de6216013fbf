/** The names of pods and containers as the kubelet's log folders have them: read once a lookup. */
import { readdirSync } from "node:fs"
import { type LogName, parseContainerLog, parsePodFolder } from "../../core/pods/kubelet-logs.ts"

/** A node has some hundred pods; more names than this are not read. */
const NAMES_MAX = 20_000

export interface KubeletNames {
  readonly byUid: ReadonlyMap<string, LogName>
  readonly byContainer: ReadonlyMap<string, LogName & { readonly container: string; readonly id: string }>
}

/** Nothing where this host is no node, or the folders may not be read. */
export function readKubeletNames(logs: string): KubeletNames {
  const pods = names(`${logs}/pods`).flatMap((name) => parsePodFolder(name) ?? [])
  const containers = names(`${logs}/containers`).flatMap((name) => parseContainerLog(name) ?? [])
  return {
    byUid: new Map(pods.map((pod) => [pod.uid, pod])),
    byContainer: new Map(containers.map((container) => [container.id, container])),
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, NAMES_MAX)
  } catch {
    return []
  }
}
