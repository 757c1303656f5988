import { setTimeout as sleep } from 'node:timers/promises'
import { inject } from 'vitest'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

const asService = { apikey: inject('stack').secret_key }

const render = () => call('/onboarding/contracts/render', { method: 'POST', ...asService })

export interface ContractRow {
  ref_id: string
  status: string
  pdf_sha256: string
  pdf_s3_key: string
  accepted_by: string | null
}

/** Waits until the contract of a tenant has its PDF. The database wakes who makes it; this does not rely on that. */
export async function ready(tenantId: string): Promise<ContractRow> {
  for (let count = 0; count < 100; count++) {
    const { rows } = await admin.query<ContractRow>(
      `select * from public.contracts where tenant_id = $1 and status <> 'superseded'`,
      [tenantId],
    )
    if (rows[0]?.pdf_sha256) return rows[0]
    await render()
    await sleep(200)
  }
  throw new Error('The contract has no PDF.')
}

/** Asks the tenant to accept a contract, as the platform does: from then on it is closed. */
export async function closeTenant(tenant: Pick<Tenant, 'id' | 'slug'>): Promise<ContractRow> {
  const asked = await call(`/onboarding/tenants/${tenant.slug}/contract`, { method: 'POST', ...asService })
  if (asked.status !== 201) throw new Error(await asked.text())
  return ready(tenant.id)
}

/** Gives the tenant a contract that closes nothing. Answers its slug. */
export async function addContract(tenant: Tenant): Promise<string> {
  await closeTenant(tenant)
  await admin.query('update public.tenants set contract_pending_at = null where id = $1', [tenant.id])
  return tenant.slug
}
