/** A statement, or a part of one, whose values are sent apart from its text. Only the `sql` tag can make one. */
export interface Sql {
  readonly text: string
  readonly values: unknown[]
  /** Set by `named`. The server keeps the plan under this name while the connection is open. */
  readonly name?: string | undefined
  /** Set by `alongIndex`. */
  readonly isAlongIndex?: boolean | undefined
}

// What is nested is recognised by this class and not by its shape: a value that looks like a statement, such as a
// body that somebody sent, stays a value.
class Fragment implements Sql {
  readonly text: string
  readonly values: unknown[]
  readonly name: string | undefined
  readonly isAlongIndex: boolean
  /** The text before, between and behind the values. */
  readonly #parts: readonly string[]

  constructor(
    parts: readonly string[],
    values: unknown[],
    text: string,
    { name, isAlongIndex = false }: Pick<Sql, 'name' | 'isAlongIndex'> = {},
  ) {
    this.#parts = parts
    this.values = values
    this.text = text
    this.name = name
    this.isAlongIndex = isAlongIndex
  }

  static join(strings: readonly string[], values: unknown[]): Fragment {
    const parts = [strings[0] ?? '']
    const all: unknown[] = []
    for (const [index, value] of values.entries()) {
      const after = strings[index + 1] ?? ''
      if (value instanceof Fragment) {
        const [first = '', ...rest] = value.#parts
        parts.push(parts.pop() + first, ...rest)
        parts.push(parts.pop() + after)
        all.push(...value.values)
      } else {
        parts.push(after)
        all.push(value)
      }
    }
    return new Fragment(parts, all, textOf(parts))
  }

  with(more: Pick<Sql, 'name' | 'isAlongIndex'>): Fragment {
    return new Fragment(this.#parts, this.values, this.text, { ...this, ...more })
  }
}

// A template's strings are the same frozen array for each call site, so each site's text is built once.
const texts = new WeakMap<TemplateStringsArray, string>()

/**
 * A parameterised query: sql`select slug from public.tenants where id = ${id}`. Another sql`…` may stand where a value
 * does. Its text becomes part of this one, and the placeholders of both are numbered anew:
 *
 *     const columns = sql`t.ref_id, t.slug`
 *     sql`select ${columns} from public.tenants as t where t.id = ${id}`
 *
 * Raw text cannot be inserted, so a value can never become SQL.
 */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): Sql {
  if (values.some((value) => value instanceof Fragment)) return Fragment.join(strings, values)
  let text = texts.get(strings)
  if (text === undefined) {
    text = textOf(strings)
    texts.set(strings, text)
  }
  return new Fragment(strings, values, text)
}

function textOf(parts: readonly string[]): string {
  return parts.reduce((before, part, index) => `${before}$${index}${part}`)
}

/**
 * The same statement, prepared once per connection. For hot paths. After five runs Postgres may keep one plan for all
 * values, so the values must not decide which index is the best.
 */
export function named(name: string, statement: Sql): Sql {
  return fragmentOf(statement).with({ name })
}

/**
 * The same statement, which reads rows along the index that they are sorted by. The tenant's id and row level security
 * say the same twice; the planner multiplies the two, expects a handful of rows, and would fetch and sort all there
 * are. It must only read, and so must all that follows in its transaction.
 */
export function alongIndex(statement: Sql): Sql {
  return fragmentOf(statement).with({ isAlongIndex: true })
}

function fragmentOf(statement: Sql): Fragment {
  if (!(statement instanceof Fragment)) throw new TypeError('Only the sql tag makes a statement.')
  return statement
}
