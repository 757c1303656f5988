import { randomUUID } from 'node:crypto'
import { call } from '../../kit/call.ts'

/** What a company in India fills in. The PAN stands inside the GSTIN, and its check digit is right. */
export const contact = () => ({
  country: 'IN',
  title: 'Ms.',
  first_name: 'Asha',
  last_name: 'Rao',
  email: `${randomUUID()}@example.com`,
  phone: '+1 202 555 0123',
})
export const company = (change: object = {}) => ({
  legal_name: 'Neem Tree Studios Private Limited',
  brand_name: `Neem Tree ${randomUUID().slice(0, 8)}`,
  pan_number: 'AAPFU0939F',
  ...change,
})
export const location = (change: object = {}) => ({
  state: 'Maharashtra',
  has_gst: true,
  gst_number: '27AAPFU0939F1ZV',
  ...change,
})
export const billing = (change: object = {}) => ({
  plan: 'professional',
  address: '12 Hill Road',
  city: 'Mumbai',
  postal_code: '400050',
  state: 'Maharashtra',
  country: 'IN',
  ...change,
})

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
