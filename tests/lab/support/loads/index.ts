/** The programs that make traffic, healthy and not, by name. */
import { abandon } from "./abandon.ts"
import { card } from "./card.ts"
import { connect } from "./connect.ts"
import { datagrams } from "./datagrams.ts"
import { distance } from "./distance.ts"
import { hold } from "./hold.ts"
import { holdDatagrams } from "./hold-datagrams.ts"
import { raw } from "./raw.ts"
import { request } from "./request.ts"
import { send } from "./send.ts"
import { sendBlocking } from "./send-blocking.ts"
import { serve } from "./serve.ts"

export const programs = {
  abandon,
  card,
  connect,
  datagrams,
  distance,
  hold,
  "hold-datagrams": holdDatagrams,
  raw,
  request,
  send,
  "send-blocking": sendBlocking,
  serve,
}

export type ProgramName = keyof typeof programs
export type ProgramOptions<P extends ProgramName> = Parameters<(typeof programs)[P]>[0]
