import { randomUUID } from 'node:crypto'
import { ulidOf } from '../../../lib/db/index.ts'
import { manager, person, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/scopes': { may: [person] },
  'GET /registry/tenants/:ref/api-keys': { may: [manager] },
  'POST /registry/tenants/:ref/api-keys': {
    may: [manager],
    gives: 201,
    body: () => ({ name: 'New', scopes: ['usage:write'] }),
  },
  // There is no such key: who may get as far as to hear it.
  'DELETE /registry/tenants/:ref/api-keys/:key': {
    whenFrozen: 'a key that leaked can always be closed',
    may: [manager],
    gives: 404,
    where: { key: () => ulidOf(randomUUID()) },
  },
  'POST /registry/tenants/:ref/api-keys/:key/rotate': {
    may: [manager],
    gives: 404,
    body: () => ({}),
    where: { key: () => ulidOf(randomUUID()) },
  },
} satisfies RouteRules
