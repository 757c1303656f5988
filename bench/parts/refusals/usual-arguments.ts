import { randomBytes } from 'node:crypto'
import { secret, sha256, type World } from './world.ts'

const moment = () => new Date(Date.now() + 86_400_000).toISOString()

const argon2id = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g'

/** The usual argument of a name. */
export const usual: Record<string, (world: World) => unknown> = {
  tenant_id: ({ tenant }) => tenant,
  tenant: ({ tenant }) => tenant,
  endpoint_id: ({ endpoint }) => endpoint,
  endpoint: ({ endpoint }) => endpoint,
  api_key_id: ({ apiKey }) => apiKey,
  invitation_id: ({ invitation }) => invitation,
  domain: ({ domain }) => domain,
  ref: ({ domainRef }) => domainRef,
  user_id: ({ owner }) => owner,
  member: ({ owner }) => owner,
  token_hash: () => sha256('another'),
  lookup: () => sha256(randomBytes(8).toString('hex')),
  secret: () => secret,
  hash: () => argon2id,
  prefix: () => 'abcdefgh',
  email: () => 'ada@example.com',
  address: () => 'ada@example.com',
  slug: () => `bounds-${randomBytes(4).toString('hex')}`,
  permission: () => 'read',
  expires_at: moment,
  scopes: () => ['usage:write'],
  role: () => 'member',
}
