import { beforeAll, expect, it } from 'vitest'
import { createTenant, type Person, signUpPerson } from '../kit/sign-up.ts'

// Requirement document 002 renames a table twice. Code of before reads it under its former names, with supabase-js.

let ada: Person
let tenant: { id: string; slug: string }
beforeAll(async () => {
  ada = await signUpPerson()
  tenant = await createTenant(ada)
})

it.each(['campaign_assignments', 'stakeholder_sessions'])(
  'code that knows the table as %s reads the same participants',
  async (name) => {
    const campaign = await ada.client
      .from('campaigns')
      .insert({ tenant_id: tenant.id, name: 'Spring' })
      .select('id')
      .single()
    const made = await ada.client
      .from('participant_sessions')
      .insert({ tenant_id: tenant.id, campaign_id: campaign.data!.id, email: `${name}@example.com` })
      .select('id')
      .single()
    const { data } = await ada.client.from(name).select('*').eq('id', made.data!.id)
    expect(data).toMatchObject([
      {
        ...{ id: made.data!.id, tenant_id: tenant.id, email: `${name}@example.com` },
        ...{ client_status: 'registered', campaign_name: 'Spring', assessment_type: 'industry4' },
      },
    ])
    const stranger = await signUpPerson()
    expect((await stranger.client.from(name).select('*')).data).toEqual([])
  },
)
