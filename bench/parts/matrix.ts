import type pg from 'pg'
import { idOf, rowId, tenantId } from '../../test/isolation/matrix/callers.ts'
import { declared, mergeRules, type Rules } from '../../test/isolation/matrix/declared.ts'
import type { IsolationRules } from '../../test/isolation/matrix/rules.ts'
import { beginMatrix, countProbes, wholeOf } from '../../test/isolation/matrix/run.ts'
import { hunt } from '../../test/isolation/mutants/hunt.ts'
import { listMutants } from '../../test/isolation/mutants/list.ts'
import { connected, makeMigrated, type OwnDatabase } from '../../test/kit/own-database.ts'
import { type Figure, say } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

/** How many times the present number of tables and functions the generated schema has. */
const times = 3

/** What the isolation matrix and its mutation run cost now, and what they will cost with more tables. */
export async function benchMatrix(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const access = { admin_db_url: stack.adminUrl, db_url: stack.dbUrl }
  const database = await makeMigrated(access)
  try {
    // The quick size is about whether this runs, and "npm test" runs it without samples.
    const now = isQuick ? undefined : await measure(access, database, declared, isQuick)
    const count = isQuick ? 5 : Object.keys(declared.relations).length * (times - 1)
    const names = Array.from({ length: count }, (_, n) => `sample_${String(n + 1).padStart(3, '0')}s`)
    await connected(database.url, async (db) => {
      for (const name of names) await makeSample(db, name)
    })
    const more = await measure(access, database, withSamples(names), isQuick)
    const figure = (what: 'matrix' | 'mutants', atMost: number): Figure => ({
      ...{ what: `${what}, ${more.tables} tables`, unit: 's' },
      ...{ value: more[what], goal: { atMost } },
      ...(now && { baseline: now[what] }),
      note: now ? `${more.note}; the baseline is ${now.tables} tables: ${now.note}` : more.note,
    })
    // A fifth of the 15 minutes that all tests may take at that size.
    return [figure('matrix', 60), figure('mutants', 120)]
  } finally {
    await database.drop()
  }
}

async function measure(
  access: Parameters<typeof hunt>[0],
  database: OwnDatabase,
  rules: Rules,
  isQuick: boolean,
): Promise<{ matrix: number; mutants: number; tables: number; note: string }> {
  const tables = Object.keys(rules.relations).length
  say(`matrix: ${tables} tables`)
  const matrixStart = performance.now()
  const whole = wholeOf(rules)
  const slice = isQuick ? { relations: whole.relations!.slice(-5) } : whole
  const surprises = await connected(database.adminUrl, async (db) =>
    (await beginMatrix(db, rules)).run(slice),
  )
  const matrix = (performance.now() - matrixStart) / 1000
  if (surprises.length > 0) throw new Error(`The matrix does not pass: ${surprises.slice(0, 5).join('; ')}`)
  const all = await connected(database.adminUrl, (db) => listMutants(db, rules))
  const mutants = isQuick ? all.filter((_, n) => n % 500 === 0) : all
  say(`matrix: ${mutants.length} mutants`)
  const huntStart = performance.now()
  const answers = await hunt(access, database, rules, mutants)
  const hunted = (performance.now() - huntStart) / 1000
  const survivor = [...answers].find(([, surprise]) => surprise === null)
  if (survivor) throw new Error(`The matrix did not notice: ${survivor[0]}`)
  return {
    matrix,
    mutants: hunted,
    tables,
    note: `${countProbes(rules)} attempts, ${mutants.length} mutants`,
  }
}

/** A table as CONTRIBUTING.md shows it, with policies for everything people do, and two functions. */
async function makeSample(db: pg.Client, name: string): Promise<void> {
  const asked = (permission: string) =>
    `(tenant_id = any ((select private.tenant_ids('${permission}'))::uuid[]))`
  await db.query(`
    create table public.${name} (
      tenant_id uuid not null references public.tenants on delete cascade,
      id uuid not null default private.uuid_v7(),
      name text not null,
      primary key (tenant_id, id)
    );
    alter table public.${name} enable row level security;
    create policy "members read their ${name}" on public.${name} for select to authenticated using ${asked('read')};
    create policy "members add ${name}" on public.${name} for insert to authenticated with check ${asked('write')};
    create policy "members change ${name}" on public.${name} for update to authenticated
      using ${asked('write')} with check ${asked('write')};
    create policy "managers delete ${name}" on public.${name} for delete to authenticated using ${asked('manage')};
    grant select, delete, insert (tenant_id, name), update (name) on public.${name} to authenticated;
    grant select, insert, update, delete on public.${name} to service_role;
    create function public.count_${name}(tenant uuid) returns bigint
      language plpgsql security definer set search_path = '' as $$
    begin
      perform private.require_permission(tenant, 'read');
      return (select count(*) from public.${name} where tenant_id = tenant);
    end $$;
    create function public.clear_${name}(tenant uuid) returns void
      language plpgsql security definer set search_path = '' as $$
    begin
      perform private.require_permission(tenant, 'manage');
      delete from public.${name} where tenant_id = tenant;
    end $$;
    revoke execute on function public.count_${name}(uuid), public.clear_${name}(uuid) from public, anon, service_role;
    grant execute on function public.count_${name}(uuid), public.clear_${name}(uuid) to authenticated`)
}

function withSamples(names: string[]): Rules {
  const samples = names.map((name) => ({ file: name, rules: rulesOf(name) }))
  return mergeRules([{ file: 'today', rules: declared }, ...samples])
}

function rulesOf(name: string): IsolationRules {
  return {
    relations: {
      [name]: {
        key: 'tenant_id',
        select: 'read',
        columns: 'tenant_id id name',
        insert: { needs: 'write', columns: 'tenant_id name', row: `name = 'Probe'` },
        update: { needs: 'write', columns: 'name', set: `name = 'Probe'` },
        delete: 'manage',
        service: 'all',
      },
    },
    functions: {
      [`count_${name}`]: {
        needs: 'read',
        call: (tenant) => `select public.count_${name}('${idOf(tenant)}')`,
      },
      [`clear_${name}`]: {
        needs: 'manage',
        call: (tenant) => `select public.clear_${name}('${idOf(tenant)}')`,
      },
    },
    rows: {
      [`public.${name}`]: (tenant) =>
        `(tenant_id, id, name) values ('${tenantId(tenant)}', '${rowId(name, tenant)}', 'Matrix')`,
    },
  }
}
