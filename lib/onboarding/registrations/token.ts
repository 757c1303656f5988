import { createHash, randomBytes } from 'node:crypto'

const sha256 = (text: string) => createHash('sha256').update(text).digest()
const form = /^[\w-]{43}$/

/** The secret of a registration: 256 random bits that only the browser keeps. */
export const makeRegistrationToken = () => randomBytes(32).toString('base64url')

/** Whether this can be such a token. */
export const isRegistrationToken = (text: string | undefined): text is string =>
  text !== undefined && form.test(text)

/** What is stored of a token, and looked up. */
export const hashOf = sha256

/**
 * The token of the owner's invitation. It follows from the registration's own and does not tell it. The browser that
 * registered can show it at any time, and an order keeps it for the mail to the owner.
 */
export function invitationTokenOf(token: string): string {
  return `tinv_${sha256(`owner's invitation ${token}`).toString('base64url')}`
}
