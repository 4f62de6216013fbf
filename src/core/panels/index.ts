/** The panels, in screen order; overlays after them. A new panel is one line here. */
import { diagnosis } from "./diagnosis/panel.ts"
import { diagnosisHistory } from "./diagnosis-history/panel.ts"
import { help } from "./help/panel.ts"
import { systemHealth } from "./system-health/panel.ts"
import { topConnections } from "./top-connections/panel.ts"

export const panels = [topConnections, systemHealth, diagnosis, help, diagnosisHistory] as const
