import type { Client } from 'pg'
import type { Rules } from './declared.ts'

/** What the catalog must say for the rules to be the whole truth: nothing unclassified, no grant too many or too few. */
export async function checkCatalog(db: Client, rules: Rules): Promise<string[]> {
  const wrong: string[] = []
  for (const check of checks) wrong.push(...(await check(db, rules)))
  return wrong
}

/** The first thing that is wrong, and what comes after it is not read. */
export async function findInCatalog(db: Client, rules: Rules): Promise<string | null> {
  for (const check of checks) {
    const [wrong] = await check(db, rules)
    if (wrong) return wrong
  }
  return null
}

// Most holes of the catalog are functions that somebody may execute.
const checks = [checkExecutables, checkGrants, checkClassified, checkColumns]

async function checkClassified(db: Client, rules: Rules): Promise<string[]> {
  const { rows } = await db.query<{ kind: string; name: string; count: number }>(
    `select 'relation' as kind, relname as name, 1 as count from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
     union all
     select 'function', proname, count(*)::int from pg_proc where pronamespace = 'public'::regnamespace group by proname`,
  )
  const found = (kind: string) => new Set(rows.filter((row) => row.kind === kind).map((row) => row.name))
  return [
    ...compare('relation', found('relation'), new Set(Object.keys(rules.relations))),
    ...compare('function', found('function'), new Set(Object.keys(rules.functions))),
    ...rows
      .filter((row) => row.count > 1)
      .map((row) => `function ${row.name} is overloaded: give each its own name`),
  ]
}

function compare(kind: string, found: Set<string>, classified: Set<string>): string[] {
  return [
    ...[...found]
      .filter((name) => !classified.has(name))
      .map(
        (name) =>
          `${kind} ${name} is not classified in any isolation.rules.ts or <noun>.rules.ts under test/`,
      ),
    ...[...classified]
      .filter((name) => !found.has(name))
      .map((name) => `${kind} ${name} is classified and does not exist`),
  ]
}

/** Every privilege on every relation, column by column, for the API's three roles and for PUBLIC. */
async function checkGrants(db: Client, rules: Rules): Promise<string[]> {
  const { rows } = await db.query<{ held: string }>(
    `select c.relname || ' ' || lower(a.privilege_type) || ' ' || coalesce(r.rolname, 'public') as held
     from pg_class as c, aclexplode(c.relacl) as a left join pg_roles as r on r.oid = a.grantee
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and coalesce(r.rolname, 'public') in ('anon', 'authenticated', 'service_role', 'public')
     union all
     select c.relname || '.' || t.attname || ' ' || lower(a.privilege_type) || ' ' || coalesce(r.rolname, 'public')
     from pg_class as c join pg_attribute as t on t.attrelid = c.oid,
       aclexplode(t.attacl) as a left join pg_roles as r on r.oid = a.grantee
     where c.relnamespace = 'public'::regnamespace`,
  )
  const held = new Set(rows.map((row) => row.held))
  const granted = new Set<string>()
  for (const [name, rule] of Object.entries(rules.relations)) {
    if (rule.withheld === undefined) granted.add(`${name} select authenticated`)
    else for (const column of wordsOf(rule.columns)) granted.add(`${name}.${column} select authenticated`)
    if (rule.delete) granted.add(`${name} delete authenticated`)
    for (const action of ['insert', 'update'] as const) {
      const columns = rule[action]?.columns
      if (columns === '*') granted.add(`${name} ${action} authenticated`)
      else
        for (const column of columns?.split(' ') ?? [])
          granted.add(`${name}.${column} ${action} authenticated`)
    }
    const service = rule.service === 'all' ? ['select', 'insert', 'update', 'delete'] : ['select']
    if (rule.view && rule.update) service.push('update')
    for (const action of service) granted.add(`${name} ${action} service_role`)
  }
  return [
    ...[...held]
      .filter((grant) => !granted.has(grant))
      .map((grant) => `grants: ${grant} is held and not in the rules`),
    ...[...granted]
      .filter((grant) => !held.has(grant))
      .map((grant) => `grants: ${grant} is in the rules and not held`),
  ]
}

const wordsOf = (columns: string | undefined) => (columns ?? '').split(' ').filter(Boolean)

/** Somebody has said of each column whether those who read the row read it too. */
async function checkColumns(db: Client, rules: Rules): Promise<string[]> {
  const { rows } = await db.query<{ relation: string; name: string; is_secret: boolean }>(
    `select c.relname as relation, a.attname as name, coalesce(a.attname = any (g.secret), false) as is_secret
     from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join private.registered_tables as g on g.relation = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition`,
  )
  return Object.entries(rules.relations).flatMap(([relation, rule]) => {
    const own = rows.filter((row) => row.relation === relation)
    const shown = wordsOf(rule.columns)
    const said = [...shown, ...wordsOf(rule.withheld)]
    const secrets = own.filter((column) => column.is_secret && shown.includes(column.name))
    return [
      ...own
        .filter(({ name }) => !said.includes(name))
        .map(({ name }) => `columns: nobody has said who reads ${relation}.${name}`),
      ...said
        .filter((name, n) => said.indexOf(name) !== n || !own.some((column) => column.name === name))
        .map((name) => `columns: ${relation}.${name} is in the rules twice, or does not exist`),
      ...secrets
        .filter(({ name }) => !rule.secretsShown?.[name])
        .map(({ name }) => `columns: ${relation}.${name} is secret and shown without a reason`),
      ...Object.keys(rule.secretsShown ?? {})
        .filter((name) => !secrets.some((column) => column.name === name))
        .map((name) => `columns: ${relation}.${name} has a reason and is not a secret that is shown`),
    ]
  })
}

async function checkExecutables(db: Client, rules: Rules): Promise<string[]> {
  const { rows } = await db.query<{
    schema: string
    name: string
    anon: boolean
    authenticated: boolean
    service: boolean
  }>(
    `select n.nspname as schema, p.proname as name,
       has_function_privilege('anon', p.oid, 'execute') as anon,
       has_function_privilege('authenticated', p.oid, 'execute') as authenticated,
       has_function_privilege('service_role', p.oid, 'execute') as service
     from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname in ('public', 'private')`,
  )
  const wrong: string[] = []
  for (const row of rows) {
    const rule = rules.functions[row.name]
    const expected =
      row.schema === 'private'
        ? { anon: false, authenticated: row.name in rules.privateFunctions, service: row.service }
        : {
            anon: rule?.needs === 'everyone',
            authenticated: rule !== undefined,
            service: rule?.service === true,
          }
    for (const role of ['anon', 'authenticated', 'service'] as const) {
      if (row[role] !== expected[role])
        wrong.push(`function ${row.schema}.${row.name}: ${role} ${row[role] ? 'may' : 'may not'} execute it`)
    }
  }
  const privateNames = new Set(rows.filter((row) => row.schema === 'private').map((row) => row.name))
  wrong.push(
    ...compare(
      'private function',
      privateNames,
      new Set([...privateNames, ...Object.keys({ ...rules.privateFunctions, ...rules.privateCalls })]),
    ),
  )
  const { rows: reach } = await db.query<{ schema: string }>(
    `select nspname as schema from pg_namespace where nspname in ('private', 'vault', 'cron', 'supabase_migrations')
       and has_schema_privilege('anon', oid, 'usage')`,
  )
  return [...wrong, ...reach.map((row) => `anon may use the schema ${row.schema}`)]
}
