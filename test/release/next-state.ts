import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProjectCopy } from '../kit/project-copy.ts'

const schemas = 'supabase/schemas/60_assessments'
export const campaigns = `${schemas}/01_campaigns.sql`

/** A new table. */
export const notes = `create table public.notes (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  -- Plain text: a page shows it as it is.
  body text not null,
  primary key (tenant_id, id)
);
comment on table public.notes is 'What a coach jots down.';
alter table public.notes enable row level security;
create policy "members read their tenant's notes" on public.notes
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.notes to authenticated;

select private.register_table('public.notes', personal => '{body}');
`

/** What comes after the first release: a new table, a new column, a changed function and a changed product row. */
export async function makeNextState(copy: ProjectCopy): Promise<void> {
  const replace = (path: string, from: string, to: string) =>
    copy.edit(path, (text) => text.replace(from, () => to))
  await writeFile(join(copy.root, schemas, '90_notes.sql'), notes)
  await replace(
    campaigns,
    '  updated_by uuid,\n',
    `  updated_by uuid,\n  audience text not null default 'all',\n`,
  )
  await replace(
    campaigns,
    'results_disclosure,mode,status,landing}',
    'results_disclosure,mode,status,landing,audience}',
  )
  await replace(campaigns, `'name', campaign.name,`, `'name', campaign.name, 'audience', campaign.audience,`)
  await replace('supabase/schemas/10_tenancy/03_plans.sql', `'Starter', 4900`, `'Starter', 5900`)
}
