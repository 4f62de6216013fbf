/** Which build this is. The build stamps both; a run from the sources has neither. */
declare const BUILD_VERSION: string
declare const BUILD_COMMIT: string

export const version: string = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "0.0.0-source"
export const commit: string = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown"
export const versionLine = `holyf-network version ${version} (${commit})`
