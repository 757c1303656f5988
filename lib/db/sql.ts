/** A statement whose values are sent apart from its text. Only the `sql` tag can make one. */
export interface Sql {
  readonly text: string
  readonly values: unknown[]
  /** Set by `named`. The server keeps the plan under this name while the connection is open. */
  readonly name?: string
}

// A template's strings are the same frozen array for each call site, so each site's text is built once.
const texts = new WeakMap<TemplateStringsArray, string>()

/**
 * A parameterised query: sql`select slug from public.tenants where id = ${id}`.
 * Raw text cannot be inserted, so a value can never become SQL.
 */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): Sql {
  let text = texts.get(strings)
  if (text === undefined) {
    text = strings.reduce((before, part, index) => `${before}$${index}${part}`)
    texts.set(strings, text)
  }
  return { text, values }
}

/** The same statement, prepared once per connection. For hot paths. */
export function named(name: string, statement: Sql): Sql {
  return { ...statement, name }
}
