import { beforeAll, describe, expect, it } from 'vitest'
import { addTemplate, teach } from '../bots-scene.ts'
import { type Counter, conversationOf, customer, messagesOf, openCounter } from './scene.ts'

let shop: Counter
beforeAll(async () => {
  shop = await openCounter()
  await addTemplate(shop)
  await teach(shop, { question: 'Do you sell ukuleles?', answer: 'Yes, from 4,500 shillings.' })
  await teach(shop, { question: 'When do you open?', answer: 'At nine.' })
})

describe('a contact who writes', () => {
  it('is answered with the training data, and the log says why', async () => {
    const ada = await customer(shop)
    await ada.says('Do you sell ukuleles?')
    await expect.poll(ada.heard).toEqual(['Yes, from 4,500 shillings.'])
    const messages = await messagesOf(shop, await conversationOf(shop, ada.writer))
    expect(messages).toMatchObject([
      {
        direction: 'inbound',
        source: 'contact',
        text: 'Do you sell ukuleles?',
        outcome: 'answered',
        reason: 'training_data',
      },
      {
        direction: 'outbound',
        source: 'bot',
        text: 'Yes, from 4,500 shillings.',
        answers: messages[0]!.ref_id,
      },
    ])
    expect(messages[0]!.training_data).toMatch(/^[0-7]/)
    await expect
      .poll(async () => (await messagesOf(shop, await conversationOf(shop, ada.writer))).at(-1)?.status)
      .toBe('delivered')
  })
})
