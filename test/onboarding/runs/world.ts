import { admin } from '../../kit/db.ts'

/** Gives the tenant a run in this state, unless it has an open one. Answers its slug. */
export async function addRun(
  { id, slug }: { id: string; slug: string },
  status = 'pending',
): Promise<string> {
  await admin.query(
    `insert into public.onboarding_runs (tenant_id, status, research_output)
     values ($1, $2::public.onboarding_run_status, case when $2 = 'review' then 'Found.' end)
     on conflict (tenant_id) where status <> 'completed' do nothing`,
    [id, status],
  )
  return slug
}
