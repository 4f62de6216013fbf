/** `holyf-network daemon unit`. */
import { systemdUnit } from "../../core/config/unit.ts"
import { print } from "../plain/output.ts"
import { ownCommand } from "./start.ts"

/** From the sources the command has two words; systemd takes them as it takes one. */
export const printUnit = (): Promise<boolean> => print([systemdUnit(ownCommand().join(" "))])
