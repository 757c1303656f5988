import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { makeDomain } from '../../branding/domains/subjects.ts'
import { call } from '../../kit/call.ts'
import { superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { loadRules, mergeOnce } from '../../kit/rules/load.ts'
import type { RouteRule, RouteRules } from '../../kit/rules/routes.ts'
import { publish } from '../../kit/servers/doh-server.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// Whoever calls a route is who its audit rows name, with their address, browser and request id: also where the service's
// connection does the work. Every route that a person may call is called, and every row it leaves is looked at.

vi.setConfig({ testTimeout: 60_000 })

const rules = mergeOnce('route', await loadRules<RouteRules>('routes'))
const called = Object.entries(rules).filter(
  ([name, { may }]) =>
    may.some(({ admits }) => admits.includes('owner')) &&
    !may.some(({ admits }) => admits.includes('none')) &&
    (!name.startsWith('GET ') || /audit|export|secret$/.test(name)),
)

/** What a route needs so that it does what it is for, where its own rule ends in a refusal. */
const prepare: Record<string, (owner: Person, tenant: Tenant) => Promise<Partial<RouteRule>>> = {
  'POST /registry/tenants/:ref/identity-providers/:type/check': async (owner, tenant) => {
    await putOidc(owner, tenant)
    return { gives: 200 }
  },
  'DELETE /registry/tenants/:ref/identity-providers/:type': async (owner, tenant) => {
    await putOidc(owner, tenant)
    return { gives: 204 }
  },
  'DELETE /registry/tenants/:ref/audit/viewer-tokens': async (owner, tenant) => {
    const at = `/registry/tenants/${tenant.slug}/audit/viewer-tokens`
    expect((await call(at, { token: owner.token, body: {} })).status).toBe(201)
    return {}
  },
  'DELETE /webhooks/portal-tokens': async (owner, tenant) => {
    const at = { token: owner.token, tenant: tenant.slug, body: {} }
    expect((await call('/webhooks/portal-tokens', at)).status).toBe(201)
    return {}
  },
  'POST /branding/domains/:domain/verify': async (_owner, tenant) => {
    const domain = await makeDomain(tenant)
    const { rows } = await superuser.query<{ host: string; verification_token: string }>(
      'select host, verification_token from public.tenant_domains where ref_id = $1',
      [domain],
    )
    await publish(inject('doh_url'), `_tenantry.${rows[0]!.host}`, { txt: [rows[0]!.verification_token] })
    return { path: `/branding/domains/${domain}/verify`, where: {} }
  },
}

async function putOidc(owner: Person, tenant: Tenant): Promise<void> {
  const response = await call(`/registry/tenants/${tenant.slug}/identity-providers/oidc`, {
    method: 'PUT',
    token: owner.token,
    // Nothing listens there. That a check failed is recorded too, and so is the reading of the secret.
    body: { issuer: 'https://nowhere.invalid', client_id: 'x', client_secret: 'y' },
  })
  expect(response.status).toBe(200)
}

interface Row {
  action: string
  actor_type: string
  actor_id: string
  source_ip: string
  user_agent: string
  request_id: string
}

let owner: Person
beforeAll(async () => {
  owner = await makePerson()
})

describe('whoever calls is who the audit log names', () => {
  for (const [n, [name, declared]] of called.entries()) {
    it(name, async () => {
      const subject = await makePerson()
      const tenant = await makeTenant({ owner, reviewer: subject })
      const rule: RouteRule = { ...declared, ...(await prepare[name]?.(owner, tenant)) }
      const [method = '', route = ''] = name.split(' ')
      let path = (rule.path ?? route).replace(':ref', tenant.slug).replace(':user', subject.refId)
      for (const [parameter, make] of Object.entries(rule.where ?? {}))
        path = path.replace(`:${parameter}`, await make(tenant))
      const { rows: last } = await superuser.query<{ seq: string }>(
        'select coalesce(max(seq), 0) as seq from public.audit_log where tenant_id = $1',
        [tenant.id],
      )
      const request = `actors-of-routes-${n}-${tenant.slug}`
      const response = await call(path, {
        method,
        token: owner.token,
        tenant: tenant.slug,
        headers: { 'x-request-id': request, 'user-agent': 'the actors test/1.0', ...rule.headers },
        ...(rule.body ? { body: rule.body({ tenant, subject }) } : {}),
      })
      expect(response.status).toBe(rule.gives ?? 200)
      await response.arrayBuffer()
      const { rows } = await superuser.query<Row>(
        `select action, actor_type, actor_id, host(source_ip) as source_ip, user_agent, request_id from public.audit_log
         where (tenant_id = $1 and seq > $2 or request_id = $3) and component <> 'cron' order by tenant_id, seq`,
        [tenant.id, last[0]!.seq, request],
      )
      const whoever = {
        actor_type: 'user',
        actor_id: owner.refId,
        source_ip: '127.0.0.1',
        user_agent: 'the actors test/1.0',
        request_id: request,
      }
      expect(rows).toEqual(rows.map(({ action }) => ({ action, ...whoever })))
      expect(rows.length > 0, `${name} leaves a row`).toBe(rule.unaudited === undefined)
    })
  }

  it('and what is prepared is a route', () => {
    expect(called.length).toBeGreaterThan(25)
    expect(Object.keys(prepare).filter((name) => !called.some(([each]) => each === name))).toEqual([])
  })
})

describe("the service's connection at work for somebody", () => {
  const host = () => `d-${Math.random().toString(36).slice(2)}.test`
  const rowsOf = async (tenant: Tenant, action: string) =>
    (
      await superuser.query(
        `select actor_type, actor_id, actor_name, host(source_ip) as source_ip, request_id from public.audit_log
         where tenant_id = $1 and action = $2 order by seq desc limit 1`,
        [tenant.id, action],
      )
    ).rows

  it('tells the tenant that loses a host nothing about the stranger who proved it', async () => {
    const [holder, claimant] = [await makePerson(), await makePerson()]
    const [held, claiming] = [await makeTenant({ owner: holder }), await makeTenant({ owner: claimant })]
    const contested = host()
    const verify = async (person: Person, tenant: Tenant) => {
      const { rows } = await superuser.query<{ ref_id: string; token: string }>(
        'insert into public.tenant_domains (tenant_id, host) values ($1, $2) returning ref_id, verification_token as token',
        [tenant.id, contested],
      )
      await publish(inject('doh_url'), `_tenantry.${contested}`, { txt: [rows[0]!.token] })
      const path = `/branding/domains/${rows[0]!.ref_id}/verify`
      const response = await call(path, { method: 'POST', token: person.token, tenant: tenant.slug })
      expect(response.status).toBe(200)
    }
    await verify(holder, held)
    await verify(claimant, claiming)
    expect(await rowsOf(claiming, 'tenant_domains.updated')).toMatchObject([
      { actor_type: 'user', actor_id: claimant.refId, source_ip: '127.0.0.1' },
    ])
    expect(await rowsOf(held, 'tenant_domains.updated')).toEqual([
      {
        actor_type: 'service',
        actor_id: 'service_role',
        actor_name: null,
        source_ip: null,
        request_id: null,
      },
    ])
  })

  it('names an API key as well, and only one of the tenant', async () => {
    const [tenant, other] = [await makeTenant(), await makeTenant()]
    const { rows } = await superuser.query<{ id: string; ref_id: string }>(
      `insert into public.api_keys (tenant_id, name, prefix, scopes) values ($1, 'k', 'AAAAAAAA', '{usage:write}')
       returning id, private.ulid(id) as ref_id`,
      [tenant.id],
    )
    const actorIn = async (tenantId: string) => {
      const found = await superuser.query(
        `select (c).actor_type, (c).actor_id from (
           select private.audit_context($1) as c from (select set_config('role', 'service_role', true),
             set_config('request.jwt.claims', $2, true) offset 0) as who) as asked`,
        [tenantId, JSON.stringify({ role: 'service_role', acting_key: rows[0]!.id })],
      )
      return found.rows[0]
    }
    expect(await actorIn(tenant.id)).toEqual({ actor_type: 'api_key', actor_id: rows[0]!.ref_id })
    expect(await actorIn(other.id)).toEqual({ actor_type: 'service', actor_id: 'service_role' })
  })
})
