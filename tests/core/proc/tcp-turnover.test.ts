import { expect, test } from "bun:test"
import { parseTcpTurnover } from "../../../src/core/proc/tcp-turnover.ts"

const snmp = `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs
Tcp: 1 200 120000 -1 4711 815 3 2 99 1000
Udp: InDatagrams
Udp: 5
`

test("reads the three by their names", () => {
  expect(parseTcpTurnover(snmp)).toEqual({ activeOpens: 4711, passiveOpens: 815, established: 99 })
})

test.each([
  { name: "nothing", text: "" },
  { name: "no values", text: "Tcp: ActiveOpens PassiveOpens CurrEstab\n" },
  { name: "a missing name", text: "Tcp: ActiveOpens PassiveOpens\nTcp: 1 2\n" },
  { name: "no number", text: "Tcp: ActiveOpens PassiveOpens CurrEstab\nTcp: 1 x 3\n" },
])("answers nothing for $name", ({ text }) => expect(parseTcpTurnover(text)).toBeUndefined())
