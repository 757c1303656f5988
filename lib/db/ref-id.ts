import { z } from 'zod'

/** How a ref_id is written, as a part of a pattern: a ULID in capitals. */
export const refIdForm = '[0-7][0-9A-HJKMNP-TV-Z]{25}'
export const refIdPattern = new RegExp(`^${refIdForm}$`)

/** A ref_id. */
export const refId = z.string().regex(refIdPattern, 'must be a ref_id')
