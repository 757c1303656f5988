import type { Permission, TenantName } from './callers.ts'

// What a domain declares in its isolation.rules.ts, or a noun in its <noun>.rules.ts: who may do what with each
// of its tables, views and functions. What nobody declares fails the matrix.

export interface IsolationRules {
  relations?: Record<string, RelationRule>
  /** Who may call every function in public. */
  functions?: Record<string, FunctionRule>
  /** Functions in private that ask for permission themselves, called as lib calls them. */
  privateCalls?: Record<string, FunctionRule>
  /** The functions in private that a signed-in person's statements may reach, and why. None is exposed by the API. */
  privateFunctions?: Record<string, string>
  /** The row that every tenant of the matrix has in a table, by the table's full name: what follows "insert into". */
  rows?: Record<string, (tenant: TenantName) => string>
  conditions?: Condition[]
}

/** A condition in a function of private that others lean on, and what it becomes in a mutant; then what makes it felt. */
type Condition = [name: string, from: string, to: string, then?: string]

interface Write {
  needs: Permission | 'self'
  /** The columns the grant names, and no other. */
  columns: string
}

interface Attempt {
  as: string
  tries: string
  /** 'ok', 'denied' (no privilege), 'refused' (row level security), 'nothing' (no row of theirs), or an sqlstate. */
  gives: string
  /** What the superuser grants first, to show that the policy would hold if the grant did not. */
  before?: string
  /** Answers by whose rows were touched rather than 'ok'. */
  touches?: true
}

export interface RelationRule {
  /** The column that says whose row it is. */
  key: string
  /** SQL text appended to the owner's name, where rows of one tenant are not all alike. */
  mark?: string
  select: Permission | 'everyone' | 'colleagues'
  /** Each row is one person's, and nobody else reads it: whose the rows of each tenant are. */
  persons?: Record<TenantName, string[]>
  /** The scopes with which an API key reads its tenant's rows. */
  scopes?: string[]
  /** The columns that whoever reads a row reads of it. A new column must be here or among the withheld. */
  columns: string
  /** The columns that no person is granted, because the row is read by more people than may know them. */
  withheld?: string
  /** Columns that are registered as secret and shown all the same, each with its reason. */
  secretsShown?: Record<string, string>
  /** The primary key of what belongs to nobody, where it is not `plan`. */
  directory?: string
  /** People hold no grant: they read through a function. The policy is proven by the attempts. */
  isWithheld?: true
  insert?: Write & { row: string }
  update?: Write & { set: string }
  delete?: Permission
  /** What the service role is granted, its way around row level security being no way around grants. */
  service: 'select' | 'all'
  /** Only a view: the table whose rows it shows, and moves if it can be updated. Inserting and deleting is not possible. */
  view?: string
  attempts?: Attempt[]
}

export interface FunctionRule {
  /** 'everyone' also without signing in; 'signed-in' any person; a permission: held in the tenant it is called with. */
  needs: 'everyone' | 'signed-in' | Permission
  /** The one scope with which an API key may call it as well. */
  scope?: string
  service?: true
  /** It lends portal tokens, so none of them may call it, whatever its scope. */
  lends?: true
  /** Why a function that changes something works in a tenant that is frozen, or whose trial has ended, all the same. */
  whenFrozen?: string
  call: (tenant: TenantName | 'nowhere') => string
  /** What a person who is signed in hears, where the matrix has nothing that would be granted. */
  refusal?: string
  /** What the call returns, where the answer and not the permission is the point. */
  answers?: (tenant: TenantName | 'nowhere') => string
}
