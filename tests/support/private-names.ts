/** Named network namespaces that only one run of tests sees, so that two runs on one host cannot take each other's. */

/**
 * The command, with an empty /run/netns of its own. It must be started in a mount namespace of its own
 * (`unshare --mount`), which takes its names with it when it ends.
 */
export const inPrivateNames = (command: readonly string[]): readonly string[] => [
  "sh",
  "-c",
  'mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"',
  "sh",
  ...command,
]
