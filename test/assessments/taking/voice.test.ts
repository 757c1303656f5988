import { describe, expect, it } from 'vitest'
import { Offer } from '../../../lib/assessments/index.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeCampaign, offerOf } from './taker.ts'

const saysOf = async (tenant: Tenant) => {
  const { reads_aloud, voice_name } = Offer.parse(await (await offerOf(await makeCampaign(tenant))).json())
  return [reads_aloud, voice_name]
}
const withVoice = async (plan: string, voice: object, voiceId: string | null = null) => {
  const owner = await makePerson()
  const tenant = await makeTenant({ plan, owner })
  // It is kept whatever the plan is, as are the other providers.
  const kept = await call('/assessments/frameworks/money-archetypes/config', {
    method: 'PATCH',
    token: owner.token,
    tenant: tenant.slug,
    headers: { 'if-match': '"0"' },
    body: { providers: { voice } },
  })
  expect(kept.status, await kept.text()).toBe(200)
  await admin.query('update public.tenant_brands set voice_id = $2 where tenant_id = $1', [
    tenant.id,
    voiceId,
  ])
  return tenant
}

describe('questions are read aloud', () => {
  it('where the tenant wants it and the plan has it', async () => {
    expect(await saysOf(await withVoice('professional', { is_enabled: true }))).toEqual([true, null])
  })

  it.each([
    ['the tenant has not switched it on', 'professional', {}],
    ['the tenant has switched it off', 'business', { is_enabled: false, model: 'Samantha' }],
    ['the plan does not have it', 'starter', { is_enabled: true, model: 'Samantha' }],
  ])('nowhere if %s', async (_, plan, voice) => {
    expect(await saysOf(await withVoice(plan, voice, 'voice-lena'))).toEqual([false, null])
  })

  it('until the plan has it no more', async () => {
    const tenant = await withVoice('professional', { is_enabled: true })
    await admin.query(`update public.tenants set plan = 'starter' where id = $1`, [tenant.id])
    expect(await saysOf(tenant)).toEqual([false, null])
  })

  it('by the voice that is named, or else by that of the brand', async () => {
    const named = { is_enabled: true, provider: 'browser', model: 'Samantha' }
    expect(await saysOf(await withVoice('business', named, 'voice-lena'))).toEqual([true, 'Samantha'])
    const unnamed = { is_enabled: true }
    expect(await saysOf(await withVoice('business', unnamed, 'voice-lena'))).toEqual([true, 'voice-lena'])
  })
})
