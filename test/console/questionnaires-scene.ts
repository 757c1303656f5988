import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { call } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant, type TenantOptions } from '../kit/tenants.ts'

export const hostile = '<img src=x onerror="document.title=1">'

const config = '/assessments/frameworks/industry4/config'

export interface Editor {
  owner: Person
  tenant: Tenant
  /** A route of the configuration of the questionnaire. */
  ask(method: string, path: string, body?: unknown, etag?: string): Promise<Response>
  asked<Answer = Record<string, unknown>>(...of: Parameters<Editor['ask']>): Promise<Answer>
  draft(): Promise<{ revision: string; change: object; reason: string | null }>
  /** Somebody else's draft, past this window. */
  draftElsewhere(change: object, etag?: string, base_version?: number): Promise<{ revision: string }>
  publishElsewhere(version: number, change: object): Promise<object>
}

/** A tenant, and its owner, who changes what a questionnaire asks. */
export async function makeEditor(options: TenantOptions = {}): Promise<Editor> {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner, ...options })
  const ask: Editor['ask'] = (method, path, body, etag) => {
    const headers = etag === undefined ? {} : { 'if-match': etag }
    return call(config + path, { token: owner.token, tenant: tenant.slug, method, body, headers })
  }
  async function asked<Answer>(...of: Parameters<Editor['ask']>): Promise<Answer> {
    const answer = await ask(...of)
    expect(answer.status, await answer.clone().text()).toBeLessThan(300)
    return (await answer.json()) as Answer
  }
  return {
    ...{ owner, tenant, ask, asked },
    draft: () => asked('GET', '/draft'),
    draftElsewhere: (change, etag = '"0"', base_version = 0) =>
      asked('PUT', '/draft', { base_version, ...change }, etag),
    publishElsewhere: (version, change) => asked('PATCH', '', change, `"${version}"`),
  }
}

export const form = (page: Page, name: string) => page.getByRole('form', { name })
