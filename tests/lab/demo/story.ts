/** What there is to see in the demo: said before it opens, and walked through for docs/demo.md. */

export interface Step {
  /** As they are typed into a terminal. */
  readonly keys: string
  /** The keys as they are written; empty where there is only something to see. */
  readonly label: string
  /** In a few words, for the list before it opens. */
  readonly title: string
  readonly shows: string
  /** The screen as it is when this can be seen. */
  readonly until: RegExp
}

const ENTER = "\r"
const ESCAPE = "\x1b"

/** Each begins where the one before has ended. */
export const story: readonly Step[] = [
  {
    keys: "",
    label: "",
    title: "who talks to this host",
    shows:
      "Who talks to this host, the busiest first; at the right, how the host feels and what is wrong with it, the worst first.",
    until: /HEALTH CRIT/,
  },
  {
    keys: "\t\tz",
    label: "Tab Tab z",
    title: "all that is wrong, and who causes it",
    shows: "All that is wrong: who causes it, the kernel's counters that show it, what it means and what to do next.",
    until: /^┌─ Diagnosis .*┐$/m,
  },
  {
    keys: "z\tg",
    label: "z Tab, g",
    title: "the same by peer: a scraper, a flood",
    shows:
      "By peer: two customers with many short visits, and 10.80.0.4, whose connections to shop-api only pile up: CLOSE_WAIT grows, since that program never closes what its peer has closed. Behind it the flood: 10.99.x.x, one half-open connection each.",
    until: /by peer and process/,
  },
  {
    keys: `f8443${ENTER}g`,
    label: "f 8443 Enter, g",
    title: "a phone that does not read",
    shows: "A phone asks for films and does not read them: what shop-media has sent waits in the QUEUE.",
    until: /shop-media +8443 10\.80\.0\.6:\d+ +\S+ +[\d.]+[KM]B/,
  },
  {
    keys: ENTER,
    label: "Enter",
    title: "all that is known of that connection",
    shows: "All that is known of that connection.",
    until: /waiting to go/,
  },
  {
    keys: `${ESCAPE}Fog`,
    label: "Esc, F, o, g",
    title: "what the host opened itself",
    shows:
      "What the host opened itself: a copy over a path that loses one packet in ten, and a database that never answers.",
    until: /shop-orders +5432/,
  },
  {
    keys: `oK\x158080${ENTER}`,
    label: "o, K 8080 Enter",
    title: "whose is a port",
    shows: "Whose is port 8080, and who uses it, in every network namespace.",
    until: /scraper \(\d+\) connects/,
  },
  {
    keys: `${ESCAPE}/10.80.0.4${ENTER}k`,
    label: "Esc, / 10.80.0.4 Enter, k",
    title: "the form that keeps a peer out",
    shows: "The form that keeps that peer out for some minutes; Enter does it, the kernel lifts it.",
    until: /PEER +10\.80\.0\.4/,
  },
  {
    keys: `${ENTER}b`,
    label: "Enter, b",
    title: "who is kept out now; x lifts it",
    shows: "It is done: who is blocked, by whom, for how much longer. x lifts it.",
    until: /10\.80\.0\.4:8080 +\d/,
  },
]
