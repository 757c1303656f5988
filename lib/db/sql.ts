/** A statement whose values travel apart from its text. The only way to make one is the `sql` tag. */
export interface Sql {
  readonly text: string
  readonly values: unknown[]
  /** Set by `named`: the server keeps the plan under this name for as long as the connection lives. */
  readonly name?: string
}

// A template's strings are one frozen array per call site, so each site's text is put together once.
const texts = new WeakMap<TemplateStringsArray, string>()

/**
 * A parameterised query: sql`select slug from public.tenants where id = ${id}`.
 * There is no way to splice raw text in, so a value can never become SQL.
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
