/**
 * Hosts where the temporary folder is of no use: the command that starts a program as if it were on one.
 *
 * The mounts are private to the command and end with it.
 */
import type { Requirements } from "./requirements.ts"

export interface HardenedHost {
  readonly name: string
  readonly needs: Requirements
  /** `folder` is an empty folder of the test's own. */
  start(command: readonly string[], folder: string): { command: string[]; env: Record<string, string> }
}

const mounting = { root: true, tools: ["unshare", "mount"] } as const satisfies Requirements

const withMount = (options: string) => (command: readonly string[], folder: string) => ({
  command: inPrivateMounts(`mount -t tmpfs -o ${options} none "$1" && shift && exec "$@"`, [folder, ...command]),
  env: { TMPDIR: folder, BUN_TMPDIR: folder },
})

const inPrivateMounts = (script: string, args: readonly string[]) => [
  "unshare",
  "--mount",
  "sh",
  "-c",
  script,
  "sh",
  ...args,
]

// A root folder with everything in it but /tmp. The program is laid into it by a bind mount of its folder.
const withoutTmp = `
new=$1 home=$(dirname "$2") && shift && mount -t tmpfs none "$new" && mkdir "$new/program" &&
mount --bind "$home" "$new/program" || exit 99
for entry in bin dev etc lib lib64 proc run sbin sys usr; do
  if [ -L "/$entry" ]; then cp -P "/$entry" "$new/$entry"
  elif [ -d "/$entry" ]; then mkdir "$new/$entry" && mount --rbind "/$entry" "$new/$entry" || exit 99
  fi
done
program=/program/$(basename "$1") && shift && exec chroot "$new" "$program" "$@"`

export const hardenedHosts: readonly HardenedHost[] = [
  {
    name: "TMPDIR names a folder that does not exist",
    needs: {},
    start: (command, folder) => ({
      command: [...command],
      env: { TMPDIR: `${folder}/absent`, BUN_TMPDIR: `${folder}/absent` },
    }),
  },
  { name: "the temporary folder is noexec", needs: mounting, start: withMount("noexec,mode=1777") },
  { name: "the temporary folder is read-only", needs: mounting, start: withMount("ro") },
  { name: "the temporary folder is full", needs: mounting, start: withMount("size=4k,mode=1777") },
  {
    name: "there is no /tmp at all",
    needs: { root: true, tools: [...mounting.tools, "chroot"] },
    start: (command, folder) => ({ command: inPrivateMounts(withoutTmp, [folder, ...command]), env: {} }),
  },
]
