import { expect } from 'vitest'
import type { Person } from '../../kit/people.ts'
import { describeEvents, tenantNow, type World } from './happening.ts'

const addMember = (w: World, status: string) =>
  `insert into public.tenant_members (tenant_id, user_id, role, status) values ('${w.tenant.id}', '${w.newcomer.id}', 'member', '${status}')`
const grant = (w: World, columns = `true, null`) =>
  `insert into public.tenant_products (tenant_id, product, enabled, expires_at) values ('${w.tenant.id}', 'marketing', ${columns})`
const setGrant = (w: World, set: string) =>
  `update public.tenant_products set ${set} where tenant_id = '${w.tenant.id}' and product = 'marketing'`
const addKey = (w: World) =>
  `insert into public.api_keys (tenant_id, id, name, scopes, prefix) values ('${w.tenant.id}', '${w.id}', 'Reporting', '{usage:write}', 'abcd1234')`
const memberKey = (person: Person) => `member ${person.refId}`
const joined = (w: World) => ({
  types: {
    'member.joined': {
      member: { ref_id: w.newcomer.refId, email: w.newcomer.email, name: null, role: 'member' },
    },
  },
  key: memberKey(w.newcomer),
})
const removed = (w: World, reason: string) => ({
  types: {
    'member.removed': {
      member: { ref_id: w.newcomer.refId, email: w.newcomer.email, role: 'member' },
      reason,
    },
  },
  key: memberKey(w.newcomer),
})

describeEvents(
  ['tenant', 'member', 'product', 'api_key'],
  {
    'a new slug': {
      when: (w) => `select public.rename_tenant_slug('${w.tenant.id}', '${w.tenant.slug}-two')`,
      told: (w) => ({
        types: {
          'tenant.renamed': { tenant: tenantNow(w, `${w.tenant.slug}-two`), old_slug: w.tenant.slug },
        },
        key: 'tenant',
      }),
    },
    'a tenant that is frozen': {
      when: (w) => `select public.change_tenant_status('${w.tenant.id}', 'frozen', 'Not paid.')`,
      told: (w) => ({
        types: {
          'tenant.status_changed': { tenant: tenantNow(w), old_status: 'active', new_status: 'frozen' },
        },
        key: 'tenant',
      }),
    },
    'another plan': {
      when: (w) => `select private.change_plan('${w.tenant.id}', 'business')`,
      told: (w) => ({
        types: {
          'tenant.plan_changed': { tenant: tenantNow(w), old_plan: 'enterprise', new_plan: 'business' },
        },
        key: 'tenant',
      }),
    },
    'a plan that allows less than there is': {
      given: (w) =>
        `insert into public.campaigns (tenant_id, name) select '${w.tenant.id}', n::text from generate_series(1, 6) as n`,
      when: (w) => `select private.change_plan('${w.tenant.id}', 'starter')`,
      told: (w) => ({
        types: {
          'tenant.plan_changed': { tenant: tenantNow(w), old_plan: 'enterprise', new_plan: 'starter' },
          'tenant.plan_exceeded': {
            tenant: tenantNow(w),
            gate: 'campaigns',
            in_use: 6,
            most: 5,
            switches_off_at: expect.any(String),
          },
        },
        key: 'tenant',
      }),
    },
    'the end of the time to keep it': {
      given: (w) =>
        `insert into public.tenant_idp_config (tenant_id, type) values ('${w.tenant.id}', 'oidc');
         select private.change_plan('${w.tenant.id}', 'starter');
         update public.plan_excesses set switches_off_at = now() where tenant_id = '${w.tenant.id}'`,
      when: (w) => `select private.settle_plan('${w.tenant.id}')`,
      told: (w) => ({
        types: {
          'tenant.plan_enforced': {
            tenant: tenantNow(w),
            gate: 'sso',
            in_use: 1,
            most: 0,
            switches_off_at: expect.any(String),
          },
        },
        key: 'tenant',
      }),
    },
    'a trial that ends later': {
      // No move leads to a trial, so the trigger that says so is off for a moment.
      given: (w) => `alter table public.tenants disable trigger tenants_move;
        update public.tenants set status = 'trial', trial_ends_at = now() + interval '1 day' where id = '${w.tenant.id}';
        alter table public.tenants enable trigger tenants_move`,
      when: (w) =>
        `select private.extend_trial('${w.tenant.id}', date_trunc('day', now()) + interval '10 days')`,
      told: (w) => ({
        types: {
          'tenant.trial_extended': {
            tenant: tenantNow(w),
            trial_ends_at: expect.stringMatching(/T00:00:00.000Z$/),
          },
        },
        key: 'tenant',
      }),
    },
    'a tenant that is restored from the archive': {
      given: (w) => `select public.change_tenant_status('${w.tenant.id}', 'archived')`,
      when: (w) => `select public.change_tenant_status('${w.tenant.id}', 'active')`,
      told: (w) => ({
        types: {
          'tenant.status_changed': { tenant: tenantNow(w), old_status: 'archived', new_status: 'active' },
        },
        key: 'tenant',
      }),
    },
    'somebody who joins': { when: (w) => addMember(w, 'active'), told: joined },
    'somebody who is deactivated, whatever their role becomes': {
      given: (w) => addMember(w, 'active'),
      when: (w) =>
        `update public.tenant_members set status = 'deactivated' where user_id = '${w.newcomer.id}'`,
      told: (w) => removed(w, 'deactivated'),
    },
    'somebody who is switched on again, in another role': {
      given: (w) => addMember(w, 'deactivated'),
      when: (w) =>
        `update public.tenant_members set status = 'active', role = 'admin' where user_id = '${w.newcomer.id}'`,
      told: (w) => ({
        types: { 'member.joined': { member: expect.objectContaining({ role: 'admin' }) } },
        key: memberKey(w.newcomer),
      }),
    },
    'somebody who is removed': {
      given: (w) => addMember(w, 'active'),
      when: (w) => `delete from public.tenant_members where user_id = '${w.newcomer.id}'`,
      told: (w) => removed(w, 'removed'),
    },
    'somebody whose account is deleted': {
      given: (w) => addMember(w, 'active'),
      when: (w) => `delete from auth.users where id = '${w.newcomer.id}'`,
      told: (w) => ({
        types: {
          'member.removed': {
            member: { ref_id: w.newcomer.refId, email: null, role: 'member' },
            reason: 'removed',
          },
        },
        key: memberKey(w.newcomer),
      }),
    },
    'a member with another role': {
      when: (w) => `update public.tenant_members set role = 'admin' where user_id = '${w.member.id}'`,
      told: (w) => ({
        types: {
          'member.role_changed': {
            member: { ref_id: w.member.refId, email: w.member.email, role: 'admin' },
            old_role: 'member',
          },
        },
        key: memberKey(w.member),
      }),
    },
    'a product that is granted': {
      when: (w) => grant(w, `true, '2999-01-01 00:00Z'`),
      told: () => ({
        types: { 'product.granted': { product: 'marketing', expires_at: '2999-01-01T00:00:00.000Z' } },
        key: 'product marketing',
      }),
    },
    'a product that is granted again after its time': {
      given: (w) => grant(w, `true, now() - interval '1 second'`),
      when: (w) => setGrant(w, 'expires_at = null'),
      told: () => ({
        types: { 'product.granted': { product: 'marketing', expires_at: null } },
        key: 'product marketing',
      }),
    },
    'a product that is granted for longer': {
      given: (w) => grant(w, `true, '2998-01-01 00:00Z'`),
      when: (w) => setGrant(w, `expires_at = '2999-01-01 00:00Z'`),
      told: () => ({
        types: { 'product.granted': { product: 'marketing', expires_at: '2999-01-01T00:00:00.000Z' } },
        key: 'product marketing',
      }),
    },
    'a product that is switched off': {
      given: grant,
      when: (w) => setGrant(w, 'enabled = false'),
      told: () => ({ types: { 'product.revoked': { product: 'marketing' } }, key: 'product marketing' }),
    },
    'a product that is taken away': {
      given: grant,
      when: (w) => `delete from public.tenant_products where tenant_id = '${w.tenant.id}'`,
      told: () => ({ types: { 'product.revoked': { product: 'marketing' } }, key: 'product marketing' }),
    },
    'an API key that is created': {
      when: addKey,
      told: (w) => ({
        types: { 'api_key.created': { api_key: { ref_id: w.ref, name: 'Reporting' } } },
        key: `api_key ${w.ref}`,
      }),
    },
    'an API key that is revoked': {
      given: addKey,
      when: (w) => `update public.api_keys set revoked_at = now() where id = '${w.id}'`,
      told: (w) => ({
        types: { 'api_key.revoked': { api_key: { ref_id: w.ref, name: 'Reporting' } } },
        key: `api_key ${w.ref}`,
      }),
    },
  },
  {
    'a tenant that is archived, and what happens in it then': {
      when: (
        w,
      ) => `select public.change_tenant_status('${w.tenant.id}', 'archived'); insert into public.participant_sessions (tenant_id) values ('${w.tenant.id}');
      update public.tenant_brands set display_name = 'Other' where tenant_id = '${w.tenant.id}'`,
    },
    'an invitation that is not taken up': {
      when: (w) => `insert into public.tenant_invitations (tenant_id, email, token_hash)
        values ('${w.tenant.id}', 'invited@example.com', sha256('x'))`,
    },
    'the role of somebody who is switched off, and their going': {
      given: (w) => addMember(w, 'deactivated'),
      when: (w) =>
        `update public.tenant_members set role = 'admin' where user_id = '${w.newcomer.id}'; delete from public.tenant_members where user_id = '${w.newcomer.id}'`,
    },
    'a member who is written as they were': {
      when: (w) =>
        `update public.tenant_members set role = role, status = status where tenant_id = '${w.tenant.id}'`,
    },
    'a grant that is over when it is made, and its settings': {
      when: (w) =>
        `${grant(w, 'true, now()')}; ${setGrant(w, `config = '{"max_seats": 3}'`)}; delete from public.tenant_products where tenant_id = '${w.tenant.id}'`,
    },
    'a grant whose settings are changed': {
      given: grant,
      when: (w) => setGrant(w, `config = '{"max_seats": 3}', enabled = true`),
    },
    'an API key that is used, or is about to be replaced': {
      given: addKey,
      when: (w) =>
        `update public.api_keys set last_used_at = now() where id = '${w.id}'; update public.api_keys set replaced_at = now(), expires_at = now() where id = '${w.id}'`,
    },
    'an API key that is revoked twice': {
      given: (w) => `${addKey(w)}; update public.api_keys set revoked_at = now() where id = '${w.id}'`,
      when: (w) =>
        `update public.api_keys set revoked_at = now() + interval '1 minute' where id = '${w.id}'; delete from public.api_keys where id = '${w.id}'`,
    },
  },
  // test/onboarding
  ['tenant.created', 'tenant.paid'],
)
