/**
 * Numbers as the kernel prints them.
 *
 * Anything else is `undefined`, so that a value we do not understand is absent and never 0.
 */

/** A whole decimal number, perhaps negative. Exact to 2^53; the kernel's largest counters lose their last digits. */
export const parseDecimal = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d{1,20}$/.test(text) ? Number(text) : undefined

/** A whole number in hexadecimal without a prefix, at most 32 bits. */
export const parseHex = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined

/** The words of a line. */
export const words = (line: string): string[] => line.split(/\s+/).filter((word) => word !== "")
