import { all } from './all.ts'
import { platform } from './client.ts'
import { project } from './project.ts'
import { accessToken } from './session.ts'

/** What is asked: a relation of the data API, or a route of the functions. */
export interface Question {
  kind: 'relation' | 'route'
  name: string
  /** `found`: rows of somebody else, or an answer that tells whether somebody else is there. `unanswered`: try again. */
  ask: () => Promise<'nothing' | 'refused' | 'found' | 'unanswered'>
}

const domains = ['registry', 'branding', 'assessments', 'usage', 'notifications', 'webhooks', 'onboarding']

// Not by the client: it takes a refusal for a fault and tries again. Here a refusal is what is hoped for.
async function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const token = await accessToken()
  return fetch(`${project.url}${path}`, {
    headers: { apikey: project.publishableKey, authorization: `Bearer ${token}`, ...headers },
    cache: 'no-store',
  })
}

async function rowsOf<Row>(response: Response): Promise<Row[]> {
  if (!response.ok) throw new Error(`The data API answered ${response.status}.`)
  return response.json() as Promise<Row[]>
}

/** One question for each relation of the data API: is there a row of a tenant that this person does not belong to? */
export async function relationQuestions(): Promise<Question[]> {
  const mine = await all(platform.list('/registry/tenants'))
  const refs = mine.map(({ ref_id }) => ref_id).join(',')
  const [tenants, relations] = await Promise.all([
    ask(`/rest/v1/tenants?select=id&ref_id=in.(${refs})`).then(rowsOf<{ id: string }>),
    ask('/rest/v1/rpc/list_tenant_relations').then(rowsOf<{ relation: string; tenant_column: string }>),
  ])
  const own = tenants.map(({ id }) => id).join(',')
  return relations.map(({ relation, tenant_column }) => ({
    kind: 'relation',
    name: relation,
    ask: async () => {
      const query = `select=${tenant_column}&${tenant_column}=not.in.(${own})&limit=1`
      const answer = await ask(`/rest/v1/${relation}?${query}`)
      if (answer.ok) return (await rowsOf(answer)).length === 0 ? 'nothing' : 'found'
      return [401, 403].includes(answer.status) ? 'refused' : 'unanswered'
    },
  }))
}

interface Description {
  paths: Record<string, { get?: { parameters?: Parameter[] } }>
  components: { parameters?: Record<string, Parameter> }
}
interface Parameter {
  $ref?: string
  in?: string
  name?: string
  required?: boolean
}

/**
 * One question for each route that reads a tenant and takes nothing else: does it say of this handle, which belongs to
 * somebody else, anything but what it says of a handle that nobody has? The routes are those that the server describes.
 */
export async function routeQuestions(handle: string): Promise<Question[]> {
  const nobodys = `t-${crypto.randomUUID().slice(0, 12)}`
  const found = await Promise.all(domains.map(routesOf))
  return found.flat().map((route) => ({
    kind: 'route',
    name: route,
    ask: async () => {
      const [one, other] = await Promise.all([refusalBy(route, handle), refusalBy(route, nobodys)])
      if (one === 'unanswered' || other === 'unanswered') return 'unanswered'
      return one !== 'answered' && one === other ? 'refused' : 'found'
    },
  }))
}

async function routesOf(domain: string): Promise<string[]> {
  const answer = await ask(`/functions/v1/${domain}/openapi.json`)
  // A project may go without some of the functions.
  if (answer.status === 404) return []
  const { paths, components } = (await answer.json()) as Description
  const resolve = ({ $ref, ...given }: Parameter): Parameter =>
    ($ref && components.parameters?.[$ref.split('/').at(-1)!]) || given
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const parameters = (get?.parameters ?? []).map(resolve)
    const rest = path.replace('/tenants/{ref}', '')
    const namesTenant = rest !== path || parameters.some(({ name }) => name?.toLowerCase() === 'x-tenant')
    const asksMore = rest.includes('{') || parameters.some((each) => each.in === 'query' && each.required)
    return get && namesTenant && !asksMore ? [path] : []
  })
}

/** What a route says of a handle, without the handle itself and what differs from call to call. */
async function refusalBy(route: string, handle: string): Promise<string> {
  const path = route.replace('{ref}', encodeURIComponent(handle))
  const answer = await ask(`/functions/v1${path}`, route.includes('{ref}') ? {} : { 'x-tenant': handle })
  if (answer.ok) return 'answered'
  if (answer.status === 429 || answer.status >= 500) return 'unanswered'
  const { code, detail } = (await answer.json()) as { code?: string; detail?: string }
  return `${answer.status} ${code} ${detail?.replaceAll(handle, '')}`
}
