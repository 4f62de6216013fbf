/** Files of /proc as a kernel showed them; the folder says which kernel, its NOTE.md how they were made. */
export const procFixture = (name: string, kernel = "linux-6.18"): Promise<string> =>
  Bun.file(`${import.meta.dir}/../../fixtures/proc/${kernel}/${name}`).text()
