import { expect, test } from "bun:test"
import fc from "fast-check"
import { json } from "../../../src/core/text/json.ts"

test.each([
  ["<script>&", '"\\u003cscript\\u003e\\u0026"'],
  ["a\u2028b\u2029", '"a\\u2028b\\u2029"'],
  ["\u001b[31m", '"\\u001b[31m"'],
  ["\u009b31m\u007f", '"\\u009b31m\\u007f"'],
  ["\u202egnp", '"\\u202egnp"'],
  ["\u{e0041}", '"\\udb40\\udc41"'],
  ["nginx: é 中 🦊", '"nginx: é 中 🦊"'],
  ['a"b\\', '"a\\"b\\\\"'],
])("%j", (text, written) => {
  expect(json(text)).toBe(written)
})

test("what is written reads back, whatever it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      expect(JSON.parse(json(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
