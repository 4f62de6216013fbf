/** /etc/os-release: how a package is installed here. */

const installers: readonly (readonly [ids: readonly string[], command: string])[] = [
  [["debian", "ubuntu", "raspbian", "linuxmint"], "apt-get install"],
  [["fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn"], "dnf install"],
  [["suse", "opensuse", "sles", "opensuse-leap", "opensuse-tumbleweed"], "zypper install"],
  [["alpine"], "apk add"],
  [["arch", "manjaro"], "pacman -S"],
  [["gentoo"], "emerge"],
  [["void"], "xbps-install"],
]

/** `apt-get install NAME`; a sentence without a command where the distribution is not known. */
export function installHint(osRelease: string, packageName: string): string {
  const value = (key: string) =>
    new RegExp(`^${key}=["']?([^"'\\n]*)`, "m").exec(osRelease)?.[1]?.toLowerCase().split(/\s+/) ?? []
  for (const id of [...value("ID"), ...value("ID_LIKE")]) {
    const command = installers.find(([ids]) => ids.includes(id))?.[1]
    if (command !== undefined) return `${command} ${packageName}`
  }
  return `install the package ${packageName}`
}
