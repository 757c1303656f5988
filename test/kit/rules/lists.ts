import type { Person } from '../people.ts'
import type { Tenant } from '../tenants.ts'

// What a domain declares in its lists.rules.ts: of each list how it is sorted, and how a tenant comes to have rows in it.

export type Row = Record<string, string>

export interface List {
  /** The plural noun that the rows stand under. */
  noun: string
  /** What the rows are sorted by. A list whose rows do not show it says null. */
  by: ((row: Row) => string) | null
  order:
    | 'the newest first'
    | 'those of the newest messages first'
    | 'by name'
    | 'by kind'
    | 'the highest first'
  /** What stands in the path for a name other than `:ref`. */
  path?: Record<string, string>
  /** What is asked for besides, where a list holds the rows of all tenants. */
  query?: (tenant: Tenant) => string
  /** Gives the tenant rows, three of them where it may have that many. */
  fill?: (room: ListRoom) => Promise<unknown>
  /** Comes after every list was filled: for rows that filling others would disturb. */
  fillLast?: (room: ListRoom) => Promise<unknown>
}

/** Where all lists are filled and read. */
interface ListRoom {
  tenant: Tenant
  owner: Person
  /** What the owner makes by a request. */
  make(path: string, body: object, method?: string): Promise<Row>
}

/**
 * By method and path: `'GET /registry/tenants/:ref/members'`. A route that answers arrays of objects and is no list says
 * why.
 */
export type ListRules = Record<string, List | { isNoList: string }>

/** The order of most lists: by ref_id, which grows with time. */
export const newestFirst = {
  by: (row: Row) => row.ref_id!,
  order: 'the newest first',
} satisfies Partial<List>
