/** From the selected row to what the form is filled with. */
import type { Facts } from "../../app/facts.ts"
import { describeSubject, type Subject } from "../../model/subject.ts"
import { filledWith, type TracePacket } from "./state.ts"

/** Of a group with several ports, the busiest one; only a single connection has a tuple. */
export function formFor({ model, settings }: Pick<Facts, "model" | "settings">, subject: Subject): TracePacket {
  const [busiest] = subject.ports
  const shown =
    model?.connections.ok === true ? describeSubject(model.connections.value, subject, settings.ownPid) : undefined
  const connection = shown?.kind === "connection" ? shown.connection : undefined
  const isTranslated = subject.isPassedOn === true || connection?.translation !== undefined
  const { namespace, elsewhereCount = 0 } = subject
  return filledWith(
    {
      peer: subject.peerAddress,
      side: subject.side,
      ...(busiest === undefined ? {} : { port: busiest.port }),
      ...(connection === undefined ? {} : { protocol: connection.proto }),
      ...(connection === undefined || connection.localPort === 0 || connection.peerPort === 0
        ? {}
        : {
            tuple: {
              local: connection.localAddress,
              localPort: connection.localPort,
              remote: connection.peerAddress,
              remotePort: connection.peerPort,
            },
          }),
    },
    namespace === undefined && !isTranslated ? settings.interfaceName : "any",
    { isTranslated, elsewhereCount, ...(namespace === undefined ? {} : { namespace }) },
  )
}
