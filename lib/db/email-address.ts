import { z } from 'zod'

/**
 * An e-mail address that somebody types. Plain ASCII only: each address has one spelling, and letters of other alphabets can
 * look the same. That is asked before the letters are made small, because the Kelvin sign would become the letter k.
 */
export const emailAddress = z
  .string()
  .trim()
  .max(254)
  .regex(/^[!-~]*$/, { error: 'must be plain ASCII', abort: true })
  .toLowerCase()
  .regex(z.regexes.email, 'must be an e-mail address')
