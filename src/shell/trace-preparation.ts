/** What is found out before a trace begins: where its packets pass, who may capture them, how much room there is. */
import type { TracePreparation } from "../core/app/tracing.ts"
import type { NamespaceName } from "../core/model/subject.ts"
import type { Way } from "../core/trace/outcome.ts"
import { parseAddress } from "../core/wire/address.ts"
import { Failure } from "./failure.ts"
import { freeBytes, tracesFolder } from "./files/trace-files.ts"
import { listInterfaces } from "./interfaces.ts"
import { KernelError } from "./kernel/netlink.ts"
import { listAliases } from "./kernel/peer-aliases.ts"
import { findRoute } from "./kernel/routes.ts"
import { findTcpdump, requireCapturePermission } from "./tools/tcpdump.ts"

/**
 * Where packets of this peer can be seen. `any` where one interface would show half: behind address translation, inside
 * another namespace, and for link-local addresses, which exist on every link.
 */
export async function chooseWay(
  peer: Uint8Array,
  where: { readonly isTranslated?: boolean; readonly isInNamespace?: boolean } = {},
): Promise<Way> {
  const isLinkLocal = peer.length === 16 && peer[0] === 0xfe && (peer[1]! & 0xc0) === 0x80
  if (where.isInNamespace === true || isLinkLocal) return { interfaceName: "any" }
  const { isTranslated, list } = await listAliases(peer)
  const aliases = list.length === 0 ? {} : { aliases: list }
  try {
    const { interfaceName, gateway } = await findRoute(peer)
    return {
      interfaceName: isTranslated || where.isTranslated === true ? "any" : interfaceName,
      ...(gateway === undefined ? {} : { gateway }),
      ...aliases,
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    // Without a route nothing leaves, and the peer's packets may arrive all the same.
    return { interfaceName: "any", ...aliases }
  }
}

/** What must hold before a trace may begin, and where its packets pass. Answers why not where it cannot. */
export async function prepareTrace(
  peer: string,
  where: { readonly isTranslated: boolean; readonly namespace?: NamespaceName },
  dataDir: string,
): Promise<TracePreparation> {
  const { isTranslated, namespace } = where
  const way = await chooseWay(parseAddress(peer)!, { isTranslated, isInNamespace: namespace !== undefined })
  const refusal = whyNotCapture()
  const names = namespace === undefined ? await listInterfaces() : undefined
  const folder = tracesFolder(dataDir)
  const free = freeBytes(folder)
  return {
    peer,
    isTranslated,
    ...(namespace === undefined ? {} : { namespace }),
    way,
    ...(refusal === undefined ? {} : { refusal }),
    ...(names?.ok === true ? { interfaces: names.value } : {}),
    folder,
    ...(free === undefined ? {} : { free }),
  }
}

function whyNotCapture(): string | undefined {
  try {
    requireCapturePermission()
    findTcpdump()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}
