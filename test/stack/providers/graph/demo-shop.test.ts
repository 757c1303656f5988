import { expect, it } from 'vitest'
import type { WhatsappNumber } from '../../../../stack/providers/graph/numbers.ts'
import { admin } from '../../../kit/db.ts'
import { askPhones } from '../../../kit/whatsapp.ts'

it('the bot of the demo shop is connected to the phone that a new folder has', async () => {
  const { rows } = await admin.query(
    `select b.ref_id, n.is_verified, n.last_problem from public.bot_numbers as n
     join public.bot_tenants as b on b.tenant_id = n.tenant_id and b.id = n.bot_id
     join public.tenants as t on t.id = n.tenant_id
     where t.slug = 'kassangas' and n.whatsapp_phone_number_id = '100000000000001'`,
  )
  expect(rows).toMatchObject([{ is_verified: true, last_problem: null }])
  const { numbers } = JSON.parse((await askPhones('/api/numbers')).body) as { numbers: WhatsappNumber[] }
  const first = numbers.find(({ phone_number_id }) => phone_number_id === '100000000000001')
  expect(first?.callback_url).toMatch(new RegExp(`/bots/whatsapp/${rows[0].ref_id}$`))
})
