import { describe, expectTypeOf, it } from 'vitest'
import { createClient, type Schemas } from '../../lib/client/index.ts'

// The compiler reads these, in "npm run check": nothing here is called. Each @ts-expect-error fails there when
// the line after it is accepted.
const client = createClient({ url: 'http://127.0.0.1:9' })
const compiled = (_: () => unknown) => {}

describe('the compiler', () => {
  it('knows every path by its method', () => {
    compiled(() => client.GET('/registry/products'))
    // @ts-expect-error There is no such path.
    compiled(() => client.GET('/registry/product'))
    // @ts-expect-error This path is not posted to.
    compiled(() => client.POST('/registry/products'))
  })

  it('wants the parameters and the body of a route, and no others', () => {
    const params = { path: { slug: 'a' } }
    compiled(() => client.GET('/branding/by-slug/{slug}', { params }))
    // @ts-expect-error The slug is missing.
    compiled(() => client.GET('/branding/by-slug/{slug}'))
    // @ts-expect-error A slug is text.
    compiled(() => client.GET('/branding/by-slug/{slug}', { params: { path: { slug: 1 } } }))
    // @ts-expect-error The name is missing.
    compiled(() => client.POST('/registry/tenants', { body: { slug: 'a' } }))
    // @ts-expect-error The body is missing.
    compiled(() => client.POST('/registry/tenants'))
    const header = { 'if-match': '"1"' }
    // @ts-expect-error There is no such field.
    compiled(() => client.PATCH('/branding/brand', { params: { header }, body: { colour: 'red' } }))
    // @ts-expect-error It does not say which version it changes.
    compiled(() => client.PATCH('/branding/brand', { body: { coach_name: 'Ada' } }))
  })

  it('knows what is answered', () => {
    compiled(async () => {
      const { data, response } = await client.GET('/branding/brand')
      expectTypeOf(data).toEqualTypeOf<Schemas['Brand']>()
      expectTypeOf(response).toEqualTypeOf<Response>()
      // @ts-expect-error There is no such field.
      data.colour
    })
    compiled(async () => {
      const headers = { 'if-none-match': '"x"' }
      const { data } = await client.GET('/branding/brand', { headers })
      expectTypeOf(data).toEqualTypeOf<Schemas['Brand'] | undefined>()
    })
    compiled(async () => {
      const params = { path: { domain: 'x' } }
      const { data } = await client.DELETE('/branding/domains/{domain}', { params })
      expectTypeOf(data).toEqualTypeOf<undefined>()
    })
  })
})
