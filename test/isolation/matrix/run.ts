import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { tenantNames } from './callers.ts'
import { checkCatalog, findInCatalog } from './catalog.ts'
import { declared, type Rules } from './declared.ts'
import { functionProbes, type Probe, relationProbes } from './probes.ts'
import { makeWorld } from './world.ts'

/** The part of the matrix to run, the first named first. */
export interface Slice {
  relations?: string[]
  functions?: string[]
  catalog?: boolean
}

/** The matrix in an open transaction. It leaves nothing behind, and DDL between two runs is seen. */
export interface Matrix {
  /** Says in a sentence each what was not as promised. */
  run(slice?: Slice): Promise<string[]>
  /**
   * The first thing that is not as promised, and nothing after it is tried: for who asks only whether there is one.
   *
   * @param suspects words of the titles of attempts; those with most of them are made first
   */
  findSurprise(slice: Slice, suspects?: string[]): Promise<string | null>
}

/**
 * Opens a transaction that holds the matrix's world: rows of every tenant in every table. Roll it back when done.
 * Repeatable read: what other tests do meanwhile is not seen.
 */
export async function beginWorld(db: Client, rules: Rules = declared): Promise<void> {
  await db.query('begin isolation level repeatable read')
  await db.query(readFileSync(new URL('probe.sql', import.meta.url), 'utf8'))
  await makeWorld(db, rules)
}

/** The world, and what is asked of it. */
export async function beginMatrix(db: Client, rules: Rules = declared): Promise<Matrix> {
  await beginWorld(db, rules)
  for (const [name, rule] of Object.entries(rules.relations)) {
    if (rule.view) continue
    await db.query('select pg_temp.remember_rows($1, $2, $3)', [name, rule.key, rule.mark ?? "''"])
  }
  const probes = listProbes(rules)
  await db.query(
    `insert into pg_temp.matrix_probes (subject, shape, probe) select p ->> 'subject', p ->> 'shape', p
     from jsonb_array_elements($1) with ordinality as p (p, n) order by n`,
    [JSON.stringify([...probes].flatMap(([subject, all]) => all.map((probe) => shaped(subject, probe))))],
  )
  // Tens of thousands, of which most questions concern a few hundred.
  await db.query('create index on pg_temp.matrix_probes (subject)')
  await db.query('analyze pg_temp.matrix_probes')
  const subjects = new LatestFirst()
  const shapes = new LatestFirst()
  return {
    async run(slice = wholeOf(rules)) {
      const { rows } = await db.query<{ surprise: string }>(
        `select surprise from pg_temp.surprises($1, '{}', '{}', false)`,
        [subjectsOf(slice)],
      )
      return [
        ...(slice.catalog ? await checkCatalog(db, rules) : []),
        ...(await checkPresence(db, rules, slice)),
        ...rows.map((row) => row.surprise),
      ]
    },
    async findSurprise(slice, suspects = []) {
      // Holes of one kind are often seen in the same place and by the same kind of attempt, and a slice of every table is
      // long: who looks for the first surprise looks there first.
      const { rows } = await db.query<{ subject: string; shape: string; surprise: string }>(
        'select subject, shape, surprise from pg_temp.surprises($1, $2, $3, true)',
        [subjects.sort(subjectsOf(slice)), shapes.all().slice(0, mostShapes), suspects],
      )
      const [first] = rows
      if (!first) return slice.catalog ? await findInCatalog(db, rules) : null
      subjects.note(first.subject)
      shapes.note(first.shape)
      return first.surprise
    },
  }
}

/** How many attempts the matrix makes; a test says so in its name. */
export const countProbes = (rules: Rules = declared) => [...listProbes(rules).values()].flat().length

export function wholeOf(rules: Rules): Slice {
  return {
    relations: Object.keys(rules.relations),
    functions: Object.keys({ ...rules.functions, ...rules.privateCalls }),
    catalog: true,
  }
}

function listProbes(rules: Rules): Map<string, Probe[]> {
  return new Map([
    ...Object.entries(rules.relations).map(
      ([name, rule]) => [`relation ${name}`, relationProbes(name, rule)] as const,
    ),
    ...Object.entries({ ...rules.functions, ...rules.privateCalls }).map(
      ([name, rule]) => [`function ${name}`, functionProbes(name, rule)] as const,
    ),
  ])
}

const subjectsOf = (slice: Slice) => [
  ...(slice.relations ?? []).map((name) => `relation ${name}`),
  ...(slice.functions ?? []).map((name) => `function ${name}`),
]

/** So many kinds of attempts are made first, of all subjects. */
const mostShapes = 40

/** With what it is called about any other table or function. */
function shaped(subject: string, probe: Probe) {
  const [, name] = subject.split(' ') as [string, string]
  return { ...probe, subject, shape: probe.title.replace(name, '') }
}

/** What was noted, the latest first. */
class LatestFirst {
  readonly #noted = new Set<string>()

  note(one: string): void {
    this.#noted.delete(one)
    this.#noted.add(one)
  }

  all(): string[] {
    return [...this.#noted].reverse()
  }

  sort(all: string[]): string[] {
    const asked = new Set(all)
    return [...new Set([...this.all().filter((one) => asked.has(one)), ...all])]
  }
}

/** A table without rows of both tenants would pass every test and prove nothing. */
async function checkPresence(db: Client, rules: Rules, slice: Slice): Promise<string[]> {
  const { rows } = await db.query<{ relation: string; names: string[] }>(
    'select relation, array_agg(distinct name) as names from pg_temp.matrix_rows group by relation',
  )
  const present = new Map(rows.map((row) => [row.relation, row.names]))
  return (slice.relations ?? []).flatMap((name) => {
    const rule = rules.relations[name]!
    if (rule.view || rule.select === 'everyone') return []
    const wanted = rule.key === 'user_id' ? ['member', 'neighbour'] : [...tenantNames]
    return wanted
      .filter((owner) => !present.get(name)?.includes(owner))
      .map((owner) => `${name} has no row of ${owner}: give it one under "rows" in its rules`)
  })
}
