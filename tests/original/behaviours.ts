/**
 * The 49 behaviours of the Go original that were worth keeping, numbered as its study numbers them, and where each of
 * them is proven here. One that is different here says why.
 */

/** A test of this repository, by file and by a piece of its name. */
export interface Proof {
  readonly file: string
  readonly names: readonly string[]
}

export type Behaviour = {
  readonly number: number
  readonly what: string
  /** Why it is not as the original's. */
  readonly changed?: string
} & (
  | { readonly proofs: readonly Proof[] }
  /** Its screen is not there yet: it belongs into the test of the panel of that name. */
  | { readonly waitsFor: string }
)

const HERE = "tests/original/behaviours.test.ts"
const KEYS = "tests/screen/keys.test.ts"
const FORM = "tests/screen/block-peer.test.ts"
const DIAGNOSIS = "tests/screen/diagnosis.test.ts"
const RULES = "tests/core/diagnosis/rules.test.ts"
const DIAGNOSE = "tests/core/diagnosis/diagnose.test.ts"
const BAR = "tests/screen/status-bar.test.ts"

const proof = (file: string, ...names: readonly string[]): Proof => ({ file, names })
const here = (number: number): readonly Proof[] => [proof(HERE, `${number}: `)]

export const behaviours: readonly Behaviour[] = [
  {
    number: 1,
    what: "a page shows as many rows as there is room for; ] and [ turn pages",
    proofs: [...here(1), proof(KEYS, "a page turns the whole window")],
    changed: "no row wraps and there are no hint lines, so more rows fit; the page stands in the frame (W17, W30)",
  },
  { number: 2, what: "OUT shows only rows without a listener, with remote ports", proofs: here(2) },
  {
    number: 3,
    what: "how the height is shared between rows and the selected one",
    proofs: here(3),
    changed: "a row is one line, so there is another budget; no height loses the selection (W17)",
  },
  {
    number: 4,
    what: "masked, the selected row in words is masked too, and ct/nat stays",
    proofs: here(4),
    changed: "the second group is an alias, so that masked peers stay apart: xxx.kqz instead of xxx.xxx (W85)",
  },
  { number: 5, what: "a group in words: shares of states, all ports, the busiest as the target", proofs: here(5) },
  {
    number: 6,
    what: "short of height the detail goes before the note",
    proofs: here(6),
  },
  { number: 7, what: "rows of this program never show, in either view", proofs: here(7) },
  { number: 8, what: "the listener's port decides the side", proofs: here(8) },
  { number: 9, what: "a port filter in IN is of local ports, grouped too; cleared, all are back", proofs: here(9) },
  { number: 10, what: "one peer with a process and with ct/nat is two groups", proofs: here(10) },
  {
    number: 11,
    what: "25 groups",
    proofs: here(11),
    changed: "all of them are listed: a cut at 20 hid the peer with the most bandwidth (W59)",
  },
  {
    number: 12,
    what: "a new field starts descending, again turns it; the selection goes to the first row",
    proofs: here(12),
  },
  { number: 13, what: "o turns the side and goes to the first row", proofs: here(13) },
  {
    number: 14,
    what: "k in IN opens the block form, in OUT it says why not",
    proofs: [...here(14), proof(FORM, "three times on a row opens its details and does nothing")],
    changed: "Enter shows details, and nothing pauses: looks go on behind the form (W9, W65)",
  },
  {
    number: 15,
    what: "the form of a group has its peer and busiest port; the port filter wins",
    proofs: [proof(FORM, "the busiest port of a group that has several", "the port of the filter")],
  },
  { number: 16, what: "LOW SAMPLE is no verdict anywhere", proofs: here(16) },
  { number: 17, what: "40 established, 200 segments a second, 6.1 %: HEALTH CRIT", proofs: here(17) },
  { number: 18, what: "s turns the order of the states", proofs: here(18) },
  {
    number: 19,
    what: "conntrack: drops only when there are some; hardly any use is <0.1 %",
    proofs: [...here(19), proof(RULES, "every rule has a series")],
    changed: "drops are a finding of the Diagnosis with their rate, not a line of System Health (W48, W53)",
  },
  { number: 20, what: "a spike is a word, and no word where there is none", proofs: here(20) },
  {
    number: 21,
    what: "10 then 80 MiB/s without a speed, 40 then 110 on 1 Gb/s: critical",
    proofs: [
      proof("tests/core/model/spike.test.ts", "10 then 80 MiB/s without a speed", "40 then 110 MiB/s on 1 Gbit/s"),
    ],
  },
  { number: 22, what: "what this program takes, unknown until there are two looks", proofs: here(22) },
  {
    number: 23,
    what: "conntrack drops beat retransmissions",
    proofs: [proof(DIAGNOSE, "several at once, critical first, then by importance")],
    changed: "all rules are judged and ranked by severity, then by importance (W48)",
  },
  {
    number: 24,
    what: "9 % retransmissions of three connections is no finding",
    proofs: [proof(RULES, "every rule has a series"), ...here(24)],
  },
  {
    number: 25,
    what: "TIME_WAIT beside a filling conntrack table",
    proofs: [proof(DIAGNOSE, "several at once, critical first, then by importance")],
    changed: "both are told, the worse one first (W48)",
  },
  {
    number: 26,
    what: "masked, headline, scope and evidence are masked",
    proofs: [proof(DIAGNOSIS, "m hides addresses here too")],
  },
  { number: 27, what: "the diagnosis works without any connection", proofs: here(27) },
  {
    number: 28,
    what: "the culprit is the same from look to look",
    proofs: [proof(DIAGNOSE, "who it is is kept while it stands")],
    changed: "who stands as the culprit stays it while the finding stands, whoever is a little busier (W49)",
  },
  {
    number: 29,
    what: "the history: one entry for one finding, at most twenty",
    proofs: [
      proof(
        DIAGNOSE,
        "one entry from when it was raised until it ended",
        "the same again is another entry; at most twenty",
      ),
      proof(DIAGNOSIS, "hiding addresses changes nothing in it"),
    ],
  },
  {
    number: 30,
    what: "the panel at any width; g does not touch it",
    proofs: [proof(DIAGNOSIS, "advice wraps and is never cut, at any width"), ...here(30)],
  },
  {
    number: 31,
    what: "an overlay has all keys; nothing happens behind it",
    proofs: [proof("tests/screen/help.test.ts", "takes every key while it is open"), ...here(31)],
    changed: "the help stays open on keys that mean nothing, since it scrolls and is searched (W31)",
  },
  { number: 32, what: "left and right never move the focus", proofs: here(32) },
  { number: 33, what: "Tab goes through the panels and round", proofs: [proof(KEYS, "Tab and Shift+Tab go round")] },
  {
    number: 34,
    what: "what was said last can still be read",
    proofs: [proof(BAR, "what was said last stays for a minute after its time")],
    changed: "for a minute, and behind everything else, not for ever (W26)",
  },
  {
    number: 35,
    what: "a newer release and the link's speed only when they are known",
    proofs: [proof(BAR, "the link's speed, only where", "a newer release, only after it was asked for")],
    changed: "written as everywhere: link 25.0 Gb/s",
  },
  {
    number: 36,
    what: "minutes from 0 to 1440",
    proofs: [
      proof("tests/core/mitigation/target.test.ts", "minutes: %p", "no minutes: %p"),
      proof(FORM, "a field says what is wrong with it"),
    ],
  },
  {
    number: 37,
    what: "what a kill says",
    proofs: here(37),
    changed: "closed, had gone and left are three facts, and nothing is said that was not counted (W8, 32.4)",
  },
  {
    number: 38,
    what: "the action log has an end, and says nothing for nothing",
    proofs: [proof("tests/shell/action-log.test.ts", "a full file is put aside, and only so many are kept")],
    changed: "lines are appended to files of a bounded size; nothing is rewritten (W77)",
  },
  {
    number: 39,
    what: "the filters of a trace",
    proofs: [proof("tests/core/trace/filter.test.ts", "brackets", "what needs a port, or one connection, says so")],
    changed: "a clause cannot close the bracket that keeps it with the peer (W63)",
  },
  {
    number: 40,
    what: "the defaults of each mode of a trace",
    proofs: [
      proof(
        "tests/core/trace/filter.test.ts",
        "every mode sees both directions and stays within the limits",
        "custom keeps what the mode before set",
      ),
    ],
    changed: "every mode sees both directions: with one, each SYN looked unanswered (W61)",
  },
  { number: 41, what: "Enter and Esc in the form of a trace", waitsFor: "trace-packet" },
  {
    number: 42,
    what: "what tcpdump counts",
    proofs: [proof("tests/core/trace/history.test.ts", "what tcpdump counts and why it stops")],
  },
  {
    number: 43,
    what: "what a trace is judged as, and how sure that is",
    proofs: [
      proof(
        "tests/core/trace/judge.test.ts",
        "ten SYNs without an answer are critical",
        "few packets are said to be few",
      ),
    ],
    changed: "packets are read and followed, not counted as text (W66)",
  },
  { number: 44, what: "a masked result has no address, and keeps the time of the file", waitsFor: "trace-result" },
  {
    number: 45,
    what: "three captures of three days are three entries, the latest first",
    proofs: [
      proof("tests/core/trace/history.test.ts", "entries are in the order of their capture", "are those of the host"),
    ],
  },
  {
    number: 46,
    what: "captures go after a week",
    proofs: [proof("tests/core/trace/history.test.ts", "go 168 hours after they ended, and nothing else goes")],
  },
  {
    number: 47,
    what: "an entry of the original's history is read",
    proofs: [proof("tests/core/trace/history.test.ts", "whatever a line is, reading it ends")],
    changed: "the files of captures are our own; what the original wrote is read as far as it goes",
  },
  {
    number: 48,
    what: "a read error behind decoded packets is a note",
    proofs: [
      proof("tests/core/trace/judge.test.ts", "an error is the first finding, and no packets are no finding then"),
    ],
  },
  {
    number: 49,
    what: "a newer release is told; the same one and every failure are not",
    proofs: [
      proof("tests/shell/release.test.ts", "says in one line what went wrong", "no answer in time"),
      proof("tests/core/config/release.test.ts", "%s is newer than %s: %p", "the release of %s is %p"),
    ],
    changed: "only when asked, and then a failure is said; an older tag is no newer one (W79)",
  },
]
