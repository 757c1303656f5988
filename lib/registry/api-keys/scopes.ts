import { z } from 'zod'
import { admin, keyset, nextCursor, pageParameters, readPage, sql } from '../../db/index.ts'

const Scope = z
  .strictObject({
    scope: z.string(),
    description: z.string().meta({ description: 'What it lets a key do.' }),
    permission: z.string().meta({ description: 'What a person needs for the same.' }),
    product: z.string().nullable().meta({
      description:
        'The product that it is about: a key of another product cannot have it. Null if no product owns it.',
    }),
  })
  .meta({ id: 'Scope', description: 'What an API key can be allowed to do, the same in every tenant.' })

const scopeOrder = keyset('scopes', { scope: z.string().regex(/^[a-z][a-z_]{1,39}:[a-z]{1,39}$/) })
export const ScopeQuery = z.strictObject(pageParameters(scopeOrder))
export const Scopes = z
  .strictObject({ scopes: z.array(Scope), next_cursor: nextCursor })
  .meta({ id: 'Scopes' })

type Scope = z.infer<typeof Scope>
type ScopeQuery = z.output<typeof ScopeQuery>
type Scopes = z.infer<typeof Scopes>

/** The scopes that there are, by name. As the service: the register holds nothing of a tenant, and is granted to nobody. */
export async function listScopes({ limit, cursor }: ScopeQuery): Promise<Scopes> {
  const { rows, next_cursor } = await readPage<Scope>(
    admin,
    scopeOrder,
    { limit, cursor },
    (rowCount) => sql`
    select s.scope, s.description, s.permission, s.product from private.api_scopes as s
    where ${cursor?.scope}::text is null or s.scope > ${cursor?.scope}
    order by s.scope limit ${rowCount}`,
  )
  return { scopes: rows, next_cursor }
}
