import { expect } from 'vitest'
import { FrameworkConfig } from '../../../lib/assessments/index.ts'
import { call } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

/** The configuration of a framework of one tenant, as its owner sees and changes it. */
export class Config {
  readonly owner: Person
  readonly member: Person
  readonly tenant: Tenant

  private constructor(owner: Person, member: Person, tenant: Tenant) {
    this.owner = owner
    this.member = member
    this.tenant = tenant
  }

  static async ofNewTenant(): Promise<Config> {
    const [owner, member] = [await makePerson(), await makePerson()]
    return new Config(owner, member, await makeTenant({ owner, member }))
  }

  ask(method: string, rest: string, body?: unknown, version?: number | string, by = this.owner) {
    return call(`/assessments/frameworks/money-archetypes/config${rest}`, {
      method,
      token: by.token,
      tenant: this.tenant.slug,
      body,
      ...(version !== undefined && {
        headers: { 'if-match': typeof version === 'number' ? `"${version}"` : version },
      }),
    })
  }

  async read(): Promise<FrameworkConfig> {
    return FrameworkConfig.parse(await (await this.ask('GET', '')).json())
  }

  async patch(version: number, body: object): Promise<FrameworkConfig> {
    const response = await this.ask('PATCH', '', body, version)
    expect(response.status, await response.clone().text()).toBe(200)
    expect(response.headers.get('etag')).toBe(`"${version + 1}"`)
    return FrameworkConfig.parse(await response.json())
  }
}

export const headline = (text: string) => ({ landing_overrides: { headline: text } })
