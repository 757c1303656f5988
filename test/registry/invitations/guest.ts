import { InvitationWithToken } from '../../../lib/registry/index.ts'
import { call } from '../../kit/call.ts'
import { admin as setup, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant as TestTenant } from '../../kit/tenants.ts'

export interface World {
  owner: Person
  /** Somebody whose address Auth has confirmed, and who is in no tenant yet. */
  guest: Person
  tenant: TestTenant
}

export async function makeWorld(): Promise<World> {
  const [owner, guest] = [await makePerson(), await makePerson()]
  await confirm(guest)
  return { owner, guest, tenant: await makeTenant({ owner }) }
}

/** As if the person had opened the link that Auth mailed. */
export const confirm = ({ id }: Person) =>
  superuser.query('update auth.users set email_confirmed_at = now() where id = $1', [id])

export const invite = async (tenant: TestTenant, owner: Person, email: string, role = 'admin') => {
  const body = { email, role }
  const sent = await call(`/registry/tenants/${tenant.slug}/invitations`, { token: owner.token, body })
  return InvitationWithToken.parse(await sent.json())
}

export const accept = (by: Person, token: string) =>
  call('/registry/invitations/accept', { token: by.token, body: { token } })

export const membership = async (tenant: TestTenant, { id }: Person) => {
  const { rows } = await setup.query<{ role: string; status: string }>(
    'select role, status from public.tenant_members where tenant_id = $1 and user_id = $2',
    [tenant.id, id],
  )
  return rows[0]
}

export const setMember = (tenant: TestTenant, { id }: Person, role: string, status: string) =>
  setup.query(
    'insert into public.tenant_members (tenant_id, user_id, role, status) values ($1, $2, $3, $4)',
    [tenant.id, id, role, status],
  )
