/** The number of this session that addresses are hidden by. */
export const newMask = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
