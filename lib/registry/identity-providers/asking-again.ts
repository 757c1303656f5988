import { type Db, Problem, sql } from '../../db/index.ts'
import type { Reach } from './fault.ts'
import type { CheckedProviders } from './schema.ts'
import { judge, record, type Subject, type Verdict } from './verdict.ts'

/** Ten run at a time, of three requests at most, each of five seconds at most: a batch is done within 75 seconds. */
const batchSize = 50
const atOnce = 10

interface Due extends Subject {
  tenant_id: string
  was_well: boolean
}

/** Asks the providers that are due, and records what was found, as checkIdentityProvider() does. For the service. */
export async function checkDueProviders(db: Db, reach: Reach = {}): Promise<CheckedProviders> {
  const due = await db.query<Due>(sql`select * from private.claim_due_idps(${batchSize})`)
  const sum: CheckedProviders = { checked: due.length, good: 0, bad: 0, unreachable: 0, changed: 0 }
  const next = due.values()
  const work = async () => {
    for (const provider of next) sum[await checkOne(db, provider, reach)]++
  }
  // A worker that fails leaves the rest to the others. What it had claimed is due again in an hour.
  const workers = await Promise.allSettled(Array.from({ length: atOnce }, work))
  const failed = workers.find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
  return sum
}

async function checkOne(db: Db, due: Due, reach: Reach): Promise<Verdict['outcome'] | 'changed'> {
  const verdict = await judge(db, due.tenant_id, due, reach)
  // Nobody is there to look at it. So one bad answer, such as the page of a server that is being repaired, takes nothing away.
  // It is asked again in an hour, and a second bad answer counts.
  const outcome = verdict.outcome === 'bad' && due.was_well ? 'unreachable' : verdict.outcome
  try {
    await record(db, due.tenant_id, due, { ...verdict, outcome })
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.code === 'idp_changed') return 'changed'
    throw thrown
  }
  return verdict.outcome
}
