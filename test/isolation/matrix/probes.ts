import {
  type Caller,
  callers,
  claimsOf,
  colleaguesOf,
  type Key,
  keyId,
  may,
  nowhereId,
  type Permission,
  sees,
  tenantId,
  tenantNames,
} from './callers.ts'
import type { FunctionRule, RelationRule } from './rules.ts'

/** One attempt by one caller, and what it must come to. */
export interface Probe {
  title: string
  expected: string
  role: string
  claims: string
  /** The platform's own tenant is left out of what is seen and touched. */
  isOperator?: true
  /** The API key that was verified, or the portal token. */
  key?: string
  token?: string
  kind: 'see' | 'touch' | 'do' | 'call'
  sql: string
  watch?: string
  quiet?: boolean
  before?: string
}

export function relationProbes(name: string, rule: RelationRule): Probe[] {
  const table = `public.${name}`
  const watch = rule.view ?? name
  const asked = callers.flatMap((caller): Probe[] => {
    const who = whoIs(caller)
    const touch = (action: 'update' | 'delete', sql: string): Probe => ({
      ...who,
      title: `${action} ${name} as ${caller.name}`,
      expected: expectedTouch(caller, rule, action),
      kind: 'touch',
      // Blind, with no condition and nothing returned: so only the policy of this action stands in the way.
      sql,
      watch,
      quiet: !rule.view,
    })
    return [
      {
        ...who,
        title: `select ${name} as ${caller.name}`,
        expected: expectedSight(caller, rule),
        kind: 'see',
        sql: `select array_agg(distinct ${rule.key})::text from ${table}`,
      },
      touch(
        'update',
        `update ${table} set ${rule.update?.set ?? `${firstColumn(rule)} = ${firstColumn(rule)}`}`,
      ),
      touch('delete', `delete from ${table}`),
      ...insertProbes(caller, name, rule, who),
      ...moveProbes(caller, name, rule, who),
    ]
  })
  return [...asked, ...attemptProbes(name, rule)]
}

type Who = Pick<Probe, 'role' | 'claims' | 'key' | 'token' | 'isOperator'>

function whoIs(caller: Caller): Who {
  const who = { role: caller.role, claims: JSON.stringify(claimsOf(caller)) }
  if (caller.isOperator) return { ...who, isOperator: true }
  if (!caller.key || caller.key.isClaimed) return who
  return { ...who, [caller.key.lentBy ? 'token' : 'key']: keyId(caller.name) }
}

const firstColumn = (rule: RelationRule) =>
  rule.select === 'everyone' ? (rule.directory ?? 'plan') : rule.key
const among = (names: string[]) => names.sort((a, b) => (a < b ? -1 : 1)).join(' ') || 'nothing'
const tenantsSeen = (caller: Caller, rule: RelationRule, permission: Permission) =>
  tenantNames.filter((name) => sees(caller, permission, rule.scopes ?? [], name))
const tenantsWith = (caller: Caller, permission: Permission) =>
  tenantNames.filter((name) => may(caller, permission, name))

function expectedSight(caller: Caller, rule: RelationRule): string {
  if (caller.role === 'anon' || rule.isWithheld) return 'denied'
  if (rule.select === 'everyone') return 'everyone'
  if (rule.select === 'colleagues') return among(colleaguesOf(caller, rule.scopes))
  const seen = tenantsSeen(caller, rule, rule.select)
  return among(rule.persons ? seen.filter((name) => rule.persons?.[name].includes(caller.name)) : seen)
}

function expectedTouch(caller: Caller, rule: RelationRule, action: 'update' | 'delete'): string {
  if (rule.view && (action === 'delete' || !rule.update)) return '55000'
  const needs = action === 'update' ? rule.update?.needs : rule.delete
  if (caller.role === 'anon' || !needs) return 'denied'
  if (needs === 'self') return colleaguesOf(caller).includes(caller.name) ? caller.name : 'nothing'
  // A view's trigger speaks where a policy would be silent: the row is visible, so nothing is given away.
  if (rule.view) {
    const unable = tenantsSeen(caller, rule, 'read').find((name) => !may(caller, needs, name))
    if (unable && caller.key) return 'PT403 forbidden'
    if (unable)
      return (
        { frozen: 'PT403 tenant_frozen', ended: 'PT403 trial_ended' }[unable as string] ?? 'PT403 forbidden'
      )
  }
  const touched: string[] = tenantsWith(caller, needs)
  if (rule.mark) touched.push(...tenantsWith(caller, 'own').map((name) => `${name}(owners)`))
  return among(touched)
}

function insertProbes(caller: Caller, name: string, rule: RelationRule, who: Who): Probe[] {
  const [column, value] = rule.insert?.row.split(' = ') ?? []
  const targets = rule.insert ? tenantNames : (['home', 'other'] as const)
  return targets.map((target) => {
    const permitted = rule.insert && may(caller, rule.insert.needs as Permission, target)
    const keyed =
      rule.select === 'everyone'
        ? `(${rule.directory ?? 'plan'}) values ('probe')`
        : `(${rule.key}) values ('${tenantId(target)}')`
    return {
      ...who,
      title: `insert into ${name} of ${target} as ${caller.name}`,
      expected: rule.view
        ? '55000'
        : caller.role === 'anon' || !rule.insert
          ? 'denied'
          : permitted
            ? 'ok'
            : 'refused',
      kind: 'do',
      sql: `insert into public.${name} ${rule.insert ? `(tenant_id, ${column}) values ('${tenantId(target)}', ${value})` : keyed}`,
    }
  })
}

/** Giving a row away. No grant allows it; this shows that the policy would not either. */
function moveProbes(caller: Caller, name: string, rule: RelationRule, who: Who): Probe[] {
  if (
    !rule.update ||
    rule.view ||
    expectedTouch(caller, rule, 'update') === 'nothing' ||
    caller.role === 'anon'
  )
    return []
  const { needs } = rule.update
  const targets =
    needs === 'self' ? [nowhereId] : tenantNames.filter((target) => !may(caller, needs, target)).map(tenantId)
  return targets.map((target) => ({
    ...who,
    title: `move rows of ${name} to ${target} as ${caller.name}`,
    expected: 'refused',
    kind: 'do',
    before: `grant update (${rule.key}) on public.${name} to authenticated`,
    quiet: true,
    sql: `update public.${name} set ${rule.key} = '${target}'`,
  }))
}

function attemptProbes(name: string, rule: RelationRule): Probe[] {
  return (rule.attempts ?? []).map((attempt) => {
    const caller = callers.find((one) => one.name === attempt.as)!
    return {
      ...whoIs(caller),
      title: `as ${attempt.as}: ${attempt.tries}`,
      expected: attempt.gives,
      kind: attempt.touches ? 'touch' : 'do',
      sql: attempt.tries,
      watch: name,
      ...(attempt.before ? { before: attempt.before } : {}),
    }
  })
}

export function functionProbes(name: string, rule: FunctionRule): Probe[] {
  // A call that names no tenant is one call, whoever it might have been about.
  const targets = [...tenantNames, 'nowhere' as const].filter(
    (target, n, all) => all.findIndex((other) => rule.call(other) === rule.call(target)) === n,
  )
  return callers.flatMap((caller) =>
    targets.map((target): Probe => {
      const call = rule.call(target)
      return {
        ...whoIs(caller),
        title: `${name} of ${target} as ${caller.name}`,
        expected: rule.answers ? rule.answers(target) : expectedCall(caller, rule, target),
        kind: rule.answers ? 'call' : 'do',
        sql: call,
      }
    }),
  )
}

function expectedCall(
  caller: Caller,
  rule: FunctionRule,
  target: (typeof tenantNames)[number] | 'nowhere',
): string {
  if (rule.needs === 'everyone') return 'ok'
  if (caller.role === 'anon') return 'denied'
  if (rule.needs === 'signed-in')
    return caller.key || caller.name === 'subjectless' ? 'PT401 unauthenticated' : (rule.refusal ?? 'ok')
  if (caller.key && !caller.key.isClaimed) return expectedKeyCall(caller.key, rule, target)
  // Another tenant and no tenant at all: one answer, so there is nothing to learn.
  if (target === 'nowhere' || !may(caller, 'leave', target)) return 'PT404 tenant_not_found'
  if (may(caller, rule.needs, target)) return 'ok'
  return (
    {
      frozen: 'PT403 tenant_frozen',
      ended: 'PT403 trial_ended',
      unaccepted: 'PT403 contract_not_accepted',
    }[target as string] ?? 'PT403 forbidden'
  )
}

function expectedKeyCall(
  key: Key,
  rule: FunctionRule,
  target: (typeof tenantNames)[number] | 'nowhere',
): string {
  if (key.dead) return key.lentBy ? 'PT401 unauthenticated' : 'PT401 invalid_api_key'
  if (target !== key.of) return 'PT404 tenant_not_found'
  if (!key.scopes.includes(key.uses) || rule.scope !== key.uses || key.isOrphan) return 'PT403 forbidden'
  if (key.waits) return 'PT403 contract_not_accepted'
  if (key.lentBy && rule.lends) return 'PT403 forbidden'
  const reads = ['read', 'read_clients', 'read_admin', 'export', 'contract', 'leave'].includes(rule.needs)
  return target === 'frozen' && !reads ? 'PT403 tenant_frozen' : 'ok'
}
