import { call } from '../../kit/call.ts'
import { billing, company, contact, location } from './filled-in.ts'

/** A browser: it keeps the one cookie that it is given. */
export class Browser {
  cookie: string | undefined
  #token: string | undefined

  constructor(token?: string) {
    this.#token = token
  }

  async ask(method: string, path: string, body?: object): Promise<Response> {
    const response = await call(`/onboarding/registrations${path}`, {
      method,
      ...(body && { body }),
      ...(this.#token !== undefined && { token: this.#token }),
      headers: this.cookie ? { cookie: this.cookie } : {},
    })
    const set = response.headers.get('set-cookie')
    if (set) this.cookie = set.split(';')[0]
    return response
  }

  /** Sends steps up to this one, as they are or as given. */
  async fill(
    steps = 4,
    {
      first = contact(),
      ...given
    }: { first?: object; company?: object; location?: object; billing?: object } = {},
  ): Promise<this> {
    const sent: [string, string, object][] = [
      ['POST', '', first],
      ['PUT', '/current/company', given.company ?? company()],
      ['PUT', '/current/location', given.location ?? location()],
      ['PUT', '/current/billing', given.billing ?? billing()],
    ]
    for (const [method, path, body] of sent.slice(0, steps)) {
      const response = await this.ask(method, path, body)
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    }
    return this
  }
}
