/** The two readers of `dns-packet` that we use. Both throw on bytes that are none. */
declare module "dns-packet" {
  interface Question {
    readonly name: string
    readonly type: string
    readonly class: string
  }
  export const question: { decode(bytes: Buffer, offset?: number): Question }
}
