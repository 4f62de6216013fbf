/** /etc/passwd: the numbers of a user. */

export interface User {
  readonly uid: number
  readonly gid: number
}

/** The first of `names` that there is; never root. */
export function findUser(text: string, names: readonly string[]): User | undefined {
  const lines = text.split("\n").map((line) => line.split(":"))
  for (const name of names) {
    const line = lines.find(([given]) => given === name)
    const [uid, gid] = [line?.[2], line?.[3]].map((digits) => (/^\d{1,10}$/.test(digits ?? "") ? Number(digits) : 0))
    if (uid! > 0 && gid! > 0) return { uid: uid!, gid: gid! }
  }
  return undefined
}
