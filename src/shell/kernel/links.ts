/** The kernel's network devices: read one, list them, list their addresses. Needs no privilege. */
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import type { HostAddress } from "../../core/sample/host-addresses.ts"
import { formatAddress } from "../../core/wire/address.ts"
import { DecodeError } from "../../core/wire/codec.ts"
import { bodyAt } from "../../core/wire/inet-diag.ts"
import {
  IFF_LOOPBACK,
  INTERFACE_NAME_MAX,
  type LinkMessage,
  NETLINK_ROUTE,
  readAddressMessage,
  readLinkMessage,
  writeAddressDump,
  writeLinkDump,
  writeLinkRequest,
} from "../../core/wire/rtnetlink.ts"
import { Conversation, KernelError } from "./netlink.ts"

export interface Link {
  readonly index: number
  /** As the kernel has it: any bytes but blanks, `/` and `:`. Not to be trusted. */
  readonly name: string
  readonly isLoopback: boolean
}

export interface InterfaceAddress {
  /** Canonical text. */
  readonly address: string
  readonly prefixLength: number
}

/** Reads one device with its counters, all of one instant. Throws `KernelError`, ENODEV when there is none. */
export async function readLink(name: string): Promise<LinkMessage> {
  const operation = `read the counters of interface ${JSON.stringify(name)}`
  // The kernel answers a name that does not fit with ERANGE or EINVAL; to the operator it does not exist.
  if (name === "" || new TextEncoder().encode(name).length > INTERFACE_NAME_MAX)
    throw new KernelError(operation, "ENODEV")
  using conversation = Conversation.open(NETLINK_ROUTE)
  let link: LinkMessage | undefined
  await conversation.dump(
    operation,
    (sequence) => writeLinkRequest({ name, sequence }),
    (data, at, end) => {
      link = decode(operation, () => readLinkMessage(data.bytes.subarray(bodyAt(at), end)))
    },
  )
  if (link === undefined) throw new KernelError(operation, "an empty answer")
  return link
}

/** Lists the devices of a network namespace, ours unless told, in the order of their index. Throws `KernelError`. */
export async function listLinks(namespace?: NamespacePlace): Promise<readonly Link[]> {
  const links = await list(
    "list interfaces",
    writeLinkDump,
    (body) => {
      const { index, name, flags } = readLinkMessage(body)
      return name === undefined ? undefined : { index, name, isLoopback: (flags & IFF_LOOPBACK) !== 0 }
    },
    namespace,
  )
  return links.sort((a, b) => a.index - b.index)
}

/** Lists IPv4 and IPv6 addresses by the index of their device. Throws `KernelError`. */
export async function listAddresses(
  namespace?: NamespacePlace,
): Promise<ReadonlyMap<number, readonly InterfaceAddress[]>> {
  const rows = await list(
    "list addresses",
    writeAddressDump,
    (body) => {
      const message = readAddressMessage(body)
      // On a point-to-point link IFA_ADDRESS is the other end; IPv6 gives IFA_LOCAL only there.
      const address = message?.local ?? message?.address
      if (message === undefined || address === undefined) return undefined
      return {
        index: message.index,
        address: { address: formatAddress(address), prefixLength: message.prefixLength },
      }
    },
    namespace,
  )
  const byIndex = new Map<number, InterfaceAddress[]>()
  for (const { index, address } of rows) byIndex.set(index, [...(byIndex.get(index) ?? []), address])
  return byIndex
}

/** Every address of a network namespace with the device it belongs to. Throws `KernelError`. */
export async function listHostAddresses(namespace?: NamespacePlace): Promise<readonly HostAddress[]> {
  const names = new Map((await listLinks(namespace)).map(({ index, name }) => [index, name]))
  return [...(await listAddresses(namespace))].flatMap(([index, addresses]) =>
    addresses.map((address) => ({ ...address, interfaceName: names.get(index) ?? "" })),
  )
}

/**
 * Every address that packets to this network namespace may carry, broadcast addresses too; in our own, or in `namespace`.
 * Throws `KernelError`.
 */
export async function listLocalAddresses(namespace?: NamespacePlace): Promise<readonly Uint8Array[]> {
  const read = (body: Uint8Array) => {
    const message = readAddressMessage(body)
    return [message?.local ?? message?.address, message?.broadcast].filter((address) => address !== undefined)
  }
  return (await list("list addresses", writeAddressDump, read, namespace)).flat()
}

/** One dump in rows. A dump that the kernel marks as interrupted is asked again, once. */
async function list<T>(
  operation: string,
  write: (ask: { sequence: number }) => Uint8Array,
  read: (body: Uint8Array) => T | undefined,
  namespace?: NamespacePlace,
): Promise<T[]> {
  using conversation = Conversation.open(NETLINK_ROUTE, undefined, namespace)
  const ask = async () => {
    const rows: T[] = []
    const { interrupted } = await conversation.dump(
      operation,
      (sequence) => write({ sequence }),
      (data, at, end) => {
        const row = decode(operation, () => read(data.bytes.subarray(bodyAt(at), end)))
        if (row !== undefined) rows.push(row)
      },
    )
    return { rows, interrupted }
  }
  const first = await ask()
  return (first.interrupted ? await ask() : first).rows
}

/** These answers are few and each matters, so one that cannot be read fails the whole request. */
function decode<T>(operation: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof DecodeError ? new KernelError(operation, error.message) : error
  }
}
