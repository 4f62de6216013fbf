/** Text as a hostile process would call itself: every kind of character that has ever broken a table. */
import fc from "fast-check"

const nasty = [
  "\x1b[31m",
  "\x1b]0;owned\x07",
  "\x9b2J",
  "\t",
  "\r\n",
  "\0",
  "\x7f",
  "[red]",
  "漢字",
  "ｶﾞ",
  "🚀",
  "👍🏽",
  "👩‍👩‍👧",
  "🇩🇪",
  "e\u0301",
  "\u0301",
  "\u200b",
  "\u202e",
  "\u2066",
  "\ufe0f",
  "\u1160\u11a8",
  "각",
  "שלום",
  "\ud800",
  "\ufffd",
  "﷽",
]

export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.array(fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 3 }))).map((parts) => parts.join("")),
)

export const width: fc.Arbitrary<number> = fc.integer({ min: 0, max: 60 })
