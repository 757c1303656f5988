import { Problem } from '../../../lib/client/index.ts'

/**
 * What a refusal says of each field of a form, by JSON Pointer. `rest` is the refusal itself, if any of it is about
 * something that the form has no field for.
 */
export function errorsOf(error: Error | null, fields: readonly string[]) {
  const errors = error instanceof Problem ? error.errors : []
  const isPlaced = errors.length > 0 && errors.every(({ pointer }) => fields.includes(pointer))
  return {
    at: (pointer: string) => errors.find((each) => each.pointer === pointer)?.detail,
    rest: isPlaced ? null : error,
  }
}
