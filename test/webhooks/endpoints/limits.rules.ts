import {
  asOwner,
  type Db,
  type Given,
  type LimitTrick,
  refusal,
  untilRefused,
} from '../../kit/rules/limits.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const addEndpoint = (db: Db, { tenant }: Given) =>
  refusal(db, 'select public.create_webhook_endpoint($1, $2, $3)', [
    tenant.id,
    secret,
    'https://hooks.example.com/in',
  ])

export default [
  {
    code: 'limit_reached',
    trick: 'keep the endpoints',
    run: (given) => asOwner(given, (db) => untilRefused(50, () => addEndpoint(db, given))),
  },
  {
    code: 'limit_reached',
    trick: 'disable each endpoint',
    run: (given) =>
      asOwner(given, (db) =>
        untilRefused(50, async () => {
          const code = await addEndpoint(db, given)
          await db.query(
            'select public.disable_webhook_endpoint(tenant_id, id) from public.webhook_endpoints where tenant_id = $1',
            [given.tenant.id],
          )
          return code
        }),
      ),
  },
] satisfies LimitTrick[]
