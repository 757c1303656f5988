import { inspect } from 'node:util'

// Status by SQLSTATE where PostgREST and @supabase/lite differ: lite answers 500 without the code.
// https://docs.postgrest.org/en/stable/references/errors.html
const statusOf: [prefix: string, status: number][] = [
  ['08', 503],
  ['09', 500],
  ['0L', 403],
  ['0P', 403],
  ['25006', 405],
  ['25', 500],
  ['28', 403],
  ['2D', 500],
  ['38', 500],
  ['39', 500],
  ['3B', 500],
  ['40', 500],
  ['53400', 500],
  ['53', 503],
  ['54', 500],
  ['55', 500],
  ['57P01', 503],
  ['57', 500],
  ['58', 500],
  ['F0', 500],
  ['HV', 500],
  ['P0001', 400],
  ['P0', 500],
  ['XX', 500],
]

// What lite answers as PostgREST does.
const leftAlone = /^(PGRST|PT\d{3}|42\w{3}|22\w{3}|21\w{3}|23502|23503|23505|25006)$/

interface DatabaseError {
  code?: unknown
  message?: unknown
  detail?: unknown
  hint?: unknown
}

/** lite's hook for driver errors. An error that lite would answer wrongly is turned into its "PGRST" form, which sets status and body. */
export function asPostgrestError(error: unknown): unknown {
  const { code, message, detail, hint } = (error ?? {}) as DatabaseError
  if (typeof code === 'string' && /^(CONNECTION_|CONNECT_|ECONN)/.test(code)) {
    return logged(answer(503, 'PGRST001', 'Database client error. Retrying the connection.', null, null))
  }
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || leftAlone.test(code)) return logged(error)
  const status = statusOf.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 400
  return logged(answer(status, code, String(message), detail ?? null, hint ?? null))
}

/** The form in which SQL gives PostgREST, and lite, the whole answer. */
function answer(
  status: number,
  code: string,
  message: string,
  details: unknown,
  hint: unknown,
): DatabaseError {
  return {
    code: 'PGRST',
    message: JSON.stringify({ code, message, details, hint }),
    detail: JSON.stringify({ status, headers: {} }),
  }
}

/** lite logs every error that it answers, with its stack trace. One line is enough for a refused request. */
function logged(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  const { code, message } = error as DatabaseError
  return Object.defineProperty(error, inspect.custom, {
    value: () => `[rest] ${String(code ?? '')} ${String(message)}`,
    enumerable: false,
    configurable: true,
  })
}
