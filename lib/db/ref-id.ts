import { z } from 'zod'

/** How a ref_id is written: a ULID in capitals. */
export const refIdPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** A ref_id. */
export const refId = z.string().regex(refIdPattern, 'must be a ref_id')
