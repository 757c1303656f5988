import { askerOf, body, describeRoute, router } from '../../lib/http/index.ts'
import {
  askForPhone,
  confirmPhone,
  NewPhoneNumber,
  PhoneCode,
  PhoneNumber,
  readPhone,
  removePhone,
} from '../../lib/notifications/index.ts'

// "read" also for changing it: where somebody can be reached is their own affair.
export const phone = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('Read your own number', {
      200: { description: 'The number, and the one that waits for its code.', schema: PhoneNumber },
    }),
    async (c) => c.json(await readPhone(askerOf(c), c.var.tenant.id, c.var.caller.claims.sub)),
  )
  .post(
    '/',
    describeRoute(
      'Have a code sent to a number, in order to make it your own',
      {
        202: {
          description: 'The code is sent. Until it is entered, the number stays as it was.',
          schema: PhoneNumber,
        },
      },
      ['no_phone_provider', 'too_many_phone_codes', 'invalid_value'],
    ),
    body(NewPhoneNumber),
    async (c) => {
      const asker = askerOf(c)
      return c.json(
        await askForPhone(asker, c.var.tenant.id, c.var.caller.claims.sub, c.req.valid('json')),
        202,
      )
    },
  )
  .put(
    '/confirmation',
    describeRoute(
      'Enter the code that was sent',
      { 200: { description: 'The number is yours.', schema: PhoneNumber } },
      ['phone_code_wrong'],
    ),
    body(PhoneCode),
    async (c) => {
      const asker = askerOf(c)
      return c.json(await confirmPhone(asker, c.var.tenant.id, c.var.caller.claims.sub, c.req.valid('json')))
    },
  )
  .delete(
    '/',
    describeRoute('Remove your own number', { 204: { description: 'Nothing is sent to it any more.' } }),
    async (c) => {
      await removePhone(askerOf(c), c.var.caller.claims.sub)
      return c.body(null, 204)
    },
  )
