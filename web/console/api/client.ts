import { createClient, type TenantryClient } from '../../../lib/client/index.ts'
import { notingChanges } from './last-change.ts'
import { project } from './project.ts'

let readToken: () => Promise<string | null> = async () => null

/** Says, before anything is asked, what shows who asks: the session of a person, or the token of a frame. */
export function askWith(read: () => Promise<string | null>): void {
  readToken = read
}

/** The client that everybody uses, as whoever that is. */
const clientOf = (tenant?: string, timeoutSeconds?: number): TenantryClient =>
  createClient({
    ...project,
    tenant,
    accessToken: () => readToken(),
    fetch: notingChanges,
    ...(timeoutSeconds && { timeoutSeconds }),
  })

const clients = new Map<string, TenantryClient>()

/** For the routes of one tenant, by its slug. */
export function inTenant(slug: string): TenantryClient {
  const client = clients.get(slug) ?? clientOf(slug)
  clients.set(slug, client)
  return client
}

/** The same for what a model writes: the server asks it twice, and waits 50 seconds each time. */
export const patientlyIn = (slug: string): TenantryClient => clientOf(slug, 120)

/** For the routes that name no tenant. */
export const platform = clientOf()
