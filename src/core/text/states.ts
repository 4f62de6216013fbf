/** TCP states in at most three letters, for narrow columns. */

const shortStates: Readonly<Record<string, string>> = {
  ESTABLISHED: "EST",
  TIME_WAIT: "TW",
  CLOSE_WAIT: "CW",
  LISTEN: "LS",
  SYN_SENT: "SS",
  SYN_RECV: "SR",
  FIN_WAIT1: "FW1",
  FIN_WAIT2: "FW2",
  LAST_ACK: "LA",
  CLOSING: "CLG",
  CLOSE: "CLS",
}
/** A state without a short name is shown as it is. */
export const shortState = (state: string): string => shortStates[state] ?? state
