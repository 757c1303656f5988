import { expect } from 'vitest'
import { describeEvents, tenantNow, type World } from './happening.ts'

const addDomain = (w: World, status: string, host = w.host) =>
  `insert into public.tenant_domains (tenant_id, id, host, status, verified_at, verification_token)
   values ('${w.tenant.id}', '${w.id}', '${host}', '${status}', case when '${status}' = 'verified' then now() end, 'token')`
const domain = (w: World) => ({ ref_id: w.ref, host: w.host })

describeEvents(
  ['brand', 'domain'],
  {
    'a brand that is changed': {
      when: (
        w,
      ) => `update public.tenant_brands set brand = '{"colors": {"primary": "#AABBCC"}, "tagline": "Hello"}',
      coach_email = 'hidden@example.com', display_name = 'Shown' where tenant_id = '${w.tenant.id}'`,
      told: (w) => ({
        types: {
          'brand.updated': {
            tenant: tenantNow(w),
            changed: ['coach_email', 'display_name', 'brand.colors', 'brand.tagline'],
            page: expect.objectContaining({
              ref_id: w.tenant.ref_id,
              display_name: 'Shown',
              brand: expect.objectContaining({ tagline: 'Hello' }),
            }),
          },
        },
        key: 'brand',
      }),
    },
    'a page that is switched off': {
      when: (w) => `update public.tenant_brands set is_active = false where tenant_id = '${w.tenant.id}'`,
      told: (w) => ({
        types: { 'brand.updated': { tenant: tenantNow(w), changed: ['is_active'], page: null } },
        key: 'brand',
      }),
    },
    'a domain whose record is found': {
      given: (w) => addDomain(w, 'pending'),
      when: (w) => `select private.record_domain_check('${w.tenant.id}', '${w.id}', '{token}')`,
      told: (w) => ({
        types: { 'domain.verified': { domain: domain(w), verified_at: expect.stringMatching(/Z$/) } },
        key: `domain ${w.host}`,
      }),
    },
    'a domain whose record has been gone for three days': {
      given: (w) =>
        `${addDomain(w, 'verified')}; update public.tenant_domains set missed_check_count = 2, first_missed_at = now() - interval '73 hours' where id = '${w.id}'`,
      when: (w) => `select private.record_domain_check('${w.tenant.id}', '${w.id}', '{}', 'no_record')`,
      told: (w) => ({
        types: { 'domain.lost': { domain: domain(w), reason: 'no_record' } },
        key: `domain ${w.host}`,
      }),
    },
    'a domain that another tenant proved to be theirs': {
      given: (w) => `${addDomain(w, 'verified')};
      insert into public.tenant_domains (tenant_id, id, host, verification_token) values ('${w.other.id}', '${w.id}', '${w.host}', 'theirs')`,
      when: (w) => `select private.record_domain_check('${w.other.id}', '${w.id}', '{theirs}')`,
      told: (w) => ({
        types: { 'domain.lost': { domain: domain(w), reason: 'host_taken' } },
        key: `domain ${w.host}`,
        elsewhere: ['domain.verified'],
      }),
    },
    'a domain that is removed': {
      given: (w) => addDomain(w, 'verified'),
      when: (w) => `select public.remove_domain('${w.tenant.id}', '${w.id}')`,
      told: (w) => ({
        types: { 'domain.removed': { domain: domain(w), was_verified: true } },
        key: `domain ${w.host}`,
      }),
    },
    'a domain of a longer name than a key can be': {
      when: (w) => addDomain(w, 'verified', `${`${'a'.repeat(60)}.`.repeat(4)}test`),
      told: () => ({
        types: { 'domain.verified': expect.objectContaining({ verified_at: expect.anything() }) },
        key: expect.stringMatching(/^domain [0-9a-f]{32}$/),
      }),
    },
  },
  {
    'a brand that is written as it was': {
      when: (w) =>
        `update public.tenant_brands set display_name = display_name, brand = brand where tenant_id = '${w.tenant.id}'`,
    },
    "a tenant's name and language": {
      when: (w) => `update public.tenants set name = 'Other', locale = 'fr' where id = '${w.tenant.id}'`,
    },
    'a daily look at DNS that finds all well': {
      given: (w) => addDomain(w, 'verified'),
      when: (w) => `select private.record_domain_check('${w.tenant.id}', '${w.id}', '{token}')`,
    },
    'a look at DNS that finds a record missing for the first time': {
      given: (w) => addDomain(w, 'verified'),
      when: (w) => `select private.record_domain_check('${w.tenant.id}', '${w.id}', '{}', 'no_record')`,
    },
    'a domain that is added': { when: (w) => addDomain(w, 'pending') },
  },
)
