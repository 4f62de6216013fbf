/** The engine's collector, which the runtime shows no part of but the slowest. */
import { edenGC } from "bun:jsc"

/** Collects what was made since the last collection: about 1 ms. */
export const collectYoung = (): void => void edenGC()
