import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { TakenResult } from '../../../lib/assessments/taking/schema.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import type { Tenant } from '../../kit/tenants.ts'

export interface Campaign {
  id: string
  ref_id: string
  slug: string
}

/** A campaign of this tenant. `set` are columns and their values. */
export async function makeCampaign(tenant: Tenant, set: Record<string, unknown> = {}): Promise<Campaign> {
  const columns = { name: 'Spring intake', assessment_type: 'money-archetypes', ...set }
  const names = Object.keys(columns)
  await admin.query(
    `update public.tenant_brands set enabled_assessments = array_append(enabled_assessments, $2)
     where tenant_id = $1 and $2 <> all (enabled_assessments)`,
    [tenant.id, columns.assessment_type],
  )
  const { rows } = await admin.query<Omit<Campaign, 'slug'>>(
    `insert into public.campaigns (tenant_id, ${names.join(', ')})
     values ($1, ${names.map((_, n) => `$${n + 2}`).join(', ')}) returning id, ref_id`,
    [tenant.id, ...Object.values(columns)],
  )
  return { ...rows[0]!, slug: tenant.slug }
}

/** What the tenant changes of a framework, without the checks of the route. */
export function configure(tenant: Tenant, column: string, value: unknown, framework = 'money-archetypes') {
  return admin.query(
    `insert into public.framework_configs (tenant_id, framework_id, ${column}) values ($1, $2, $3)
     on conflict (tenant_id, framework_id) do update set ${column} = excluded.${column}, version = framework_configs.version + 1`,
    [tenant.id, framework, JSON.stringify(value)],
  )
}

/** The campaign as strangers see it. */
export const offerOf = (one: Campaign, headers = {}) =>
  call(`/assessments/take/${one.slug}/${one.ref_id}`, { headers })

/** A browser in which an assessment is taken. */
export class Taker {
  readonly token: string
  readonly campaign: Campaign

  constructor(campaign: Campaign, token = randomBytes(32).toString('base64url')) {
    this.campaign = campaign
    this.token = token
  }

  /** One that has begun, and has answered these. */
  static async begun(campaign: Campaign, more: object = {}, answers?: object): Promise<Taker> {
    const taker = new Taker(campaign)
    expect((await taker.begin(more)).status).toBe(201)
    if (answers) expect((await taker.save(answers)).status).toBe(200)
    return taker
  }

  begin(more: object = {}): Promise<Response> {
    return call(`/assessments/take/${this.campaign.slug}/${this.campaign.ref_id}/sessions`, {
      body: { token: this.token, mode: 'likert', ...more },
    })
  }

  ask(method: string, path: string, body?: unknown): Promise<Response> {
    return call(`/assessments/sessions/current${path}`, {
      method,
      body,
      headers: { 'x-session-token': this.token },
    })
  }

  save = (answers: object) => this.ask('PATCH', '/answers', { answers })
  identify = (contact: object) => this.ask('PATCH', '', contact)
  complete = () => this.ask('POST', '/complete')

  async result(): Promise<TakenResult> {
    const response = await this.complete()
    expect(response.status, await response.clone().text()).toBe(200)
    return ((await response.json()) as { result: TakenResult }).result
  }

  /** A row of a table that belongs to this session. */
  async row(table: string): Promise<Record<string, unknown> | undefined> {
    const { rows } = await admin.query(
      `select t.* from public.${table} as t join public.participant_sessions as s on s.tenant_id = t.tenant_id
         and s.id = ${table === 'participant_sessions' ? 't.id' : 't.session_id'}
       where s.token_hash = sha256($1)`,
      [this.token],
    )
    return rows[0]
  }
}

export const ada = { email: 'ada@example.com', full_name: 'Ada Example', has_consented: true }
/** Hero leads, then ruler. */
export const heroic = { l01: 5, l02: 5, l13: 4, l14: 2, l15: 1 }
