import type { Client } from 'pg'
import type { Mutant } from './mutant.ts'

/** A permission, and the next one that more people hold. */
const weaker: Record<string, string> = {
  own: 'manage',
  manage: 'write',
  write: 'read',
  read_admin: 'read',
  read_clients: 'read',
}

interface Policy {
  name: string
  target: string
  relation: string
  command: string
  using: string | null
  check: string | null
}

/** Every policy dropped, opened and weakened. */
export async function policyMutants(db: Client): Promise<Mutant[]> {
  const { rows } = await db.query<Policy>(
    `select policyname as name, format('%I on public.%I', policyname, tablename) as target, tablename as relation, cmd as command,
       qual as using, with_check as check
     from pg_policies where schemaname = 'public' order by tablename, policyname`,
  )
  return rows.flatMap((policy) => {
    const touched = { relation: policy.relation }
    const mutant = (what: string, sql: string): Mutant => ({
      name: `${policy.target}: ${what}`,
      sql: [sql],
      touched,
    })
    const mutants = [mutant('dropped', `drop policy ${policy.target}`)]
    for (const clause of ['using', 'check'] as const) {
      const condition: string | null = policy[clause]
      const alter = (to: string) =>
        `alter policy ${policy.target} ${clause === 'check' ? 'with check' : 'using'} (${to})`
      if (!condition || condition === 'true') continue
      mutants.push(mutant(`${clause} is true`, alter('true')))
      for (const [permission, next] of Object.entries(weaker)) {
        for (const to of new Set([next, 'read'])) {
          const weakened: string = condition.replaceAll(
            `tenant_ids('${permission}'::text`,
            `tenant_ids('${to}'::text`,
          )
          if (weakened !== condition)
            mutants.push(mutant(`${clause} asks ${to} instead of ${permission}`, alter(weakened)))
        }
      }
      for (const [scope] of condition.matchAll(/\b[a-z_]+:[a-z]+\b/g))
        mutants.push(mutant(`${clause} forgot ${scope}`, alter(condition.replace(scope, 'none:read'))))
      if (policy.command === 'SELECT') {
        const widened = condition
          .replace(/(tenant_ids\('\w+'::text)\)/, `$1, '{}'::text[])`)
          .replace(
            /(tenant_ids\('\w+'::text, '\{[^}]*)/,
            (listed) => `${listed.replace(/([^{])$/, '$1,')}usage:write`,
          )
        // A row that is one person's is no key's, whatever its scopes.
        if (widened !== condition && !/user_id = \( SELECT auth\.uid/.test(condition))
          mutants.push(mutant(`${clause} lets in one scope more`, alter(widened)))
      }
      // One half of an "or" may hide what the other lets through; without the brake on owners it is another policy.
      const unbraked = condition
        .replace("(role <> 'owner'::tenant_role)", 'true')
        .replace(/user_id = \( SELECT auth.uid\(\) AS uid\)/, 'true')
        .replace(/private\.has_project_support\([^)]*\)/, 'true')
      if (unbraked !== condition) mutants.push(mutant(`${clause} lost a condition`, alter(unbraked)))
    }
    return mutants
  })
}
