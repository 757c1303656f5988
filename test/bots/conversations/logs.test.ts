import { expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { addTemplate, teach } from '../bots-scene.ts'
import { customer, openCounter } from './scene.ts'

it('the two views of the messages say what requirement document 004 asks of conversations and bot_message_logs', async () => {
  const shop = await openCounter()
  await addTemplate(shop)
  const row = await teach(shop, { question: 'When do you open?', answer: 'At nine.' })
  const ada = await customer(shop)
  await ada.says('When do you open?')
  await expect.poll(ada.heard).toHaveLength(1)
  await ada.says('ANSWER We tune pianos')
  await expect.poll(ada.heard).toHaveLength(2)
  const logs = () =>
    admin.query(
      `select direction, message_text, ai_processed, ai_response, outcome, reason, template_used, training_data_id, error_message
       from public.bot_message_logs where tenant_id = $1 and direction = 'inbound' order by ref_id`,
      [shop.tenant.id],
    )
  expect((await logs()).rows).toMatchObject([
    {
      ...{ message_text: 'When do you open?', ai_processed: false, ai_response: 'At nine.' },
      ...{ reason: 'training_data', template_used: null, training_data_id: row.ref_id, error_message: null },
    },
    {
      ai_processed: true,
      ai_response: 'We tune pianos',
      reason: 'model',
      template_used: 'default',
      training_data_id: null,
    },
  ])
  const { rows } = await admin.query(
    `select contact, direction, raw_payload, message_text, whatsapp_message_id from public.conversations where tenant_id = $1 order by ref_id`,
    [shop.tenant.id],
  )
  expect(rows).toHaveLength(4)
  expect(new Set(rows.map(({ contact }) => contact)).size).toBe(1)
  expect(rows[0]).toMatchObject({
    direction: 'inbound',
    raw_payload: { text: { body: 'When do you open?' } },
  })
  expect(rows.map(({ whatsapp_message_id }) => whatsapp_message_id)).toEqual(
    Array(4).fill(expect.stringMatching(/^wamid\./)),
  )
})
