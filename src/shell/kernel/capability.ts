/** What the kernel lets us do, found out by doing it in a way that changes nothing. */
import type { NamespacePlace } from "../../../ffi/namespace.ts"
import type { Subsystem } from "../../core/mitigation/capability.ts"
import { NETLINK_NETFILTER } from "../../core/wire/conntrack.ts"
import { NLM_F_ACK, NLM_F_REQUEST, writeRequest } from "../../core/wire/message.ts"
import { writeTableRequest } from "../../core/wire/nftables.ts"
import { Conversation, KernelError } from "./netlink.ts"
import { canDestroy, openSockets } from "./peer-sockets.ts"

/** Undefined: it works, as far as our privileges go, which are no question of the means. */
export type KernelProblems = Readonly<Record<Subsystem, string | undefined>>

export async function probeKernel(namespace?: NamespacePlace): Promise<KernelProblems> {
  return {
    socket: await problemOf(async () => {
      using conversation = openSockets(namespace)
      if (!canDestroy(conversation)) return "this kernel is built without CONFIG_INET_DIAG_DESTROY"
      return undefined
    }),
    conntrack: await problemOf(() => probeConntrack(namespace)),
    firewall: await problemOf(() => probeFirewall(namespace)),
  }
}

async function problemOf(probe: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await probe()
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return error.message
  }
}

/** A refusal for want of privileges: the means are there. */
const isRefusedOnly = (error: unknown) =>
  error instanceof KernelError && (error.answer === "EPERM" || error.answer === "EACCES")

// linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h
const NFNL_SUBSYS_CTNETLINK = 1
const IPCTNL_MSG_CT_GET_STATS = 5

/** Asks how many flows there are. */
async function probeConntrack(namespace: NamespacePlace | undefined): Promise<string | undefined> {
  const type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET_STATS
  return asks(
    namespace,
    "the kernel's connection tracking does not answer; modprobe nf_conntrack_netlink",
    (sequence) => writeRequest({ type, flags: NLM_F_REQUEST | NLM_F_ACK, sequence, body: new Uint8Array(4) }),
  )
}

/** Asks for a table that nobody has: ENOENT is what a working nf_tables says. */
async function probeFirewall(namespace: NamespacePlace | undefined): Promise<string | undefined> {
  return asks(namespace, "the kernel's nf_tables does not answer; modprobe nf_tables", (sequence) =>
    writeTableRequest({ name: "holyf-network-probe", sequence }),
  )
}

async function asks(
  namespace: NamespacePlace | undefined,
  problem: string,
  write: (sequence: number) => Uint8Array,
): Promise<string | undefined> {
  using conversation = Conversation.open(NETLINK_NETFILTER, undefined, namespace)
  try {
    await conversation.dump("probe nfnetlink", write, () => {})
    return undefined
  } catch (error) {
    if (isRefusedOnly(error)) return undefined
    if (error instanceof KernelError && error.answer === "ENOENT") return undefined
    if (error instanceof KernelError) return `${problem} (${error.answer})`
    throw error
  }
}
