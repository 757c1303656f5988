import { describeEvents, type World } from '../../webhooks/events/happening.ts'

const add = (w: World) =>
  `insert into public.bot_tenants (tenant_id, id, client_name) values ('${w.tenant.id}', '${w.id}', 'The first')`
const set = (w: World, change: string) =>
  `update public.bot_tenants set ${change} where tenant_id = '${w.tenant.id}' and id = '${w.id}'`
const connect = (w: World) =>
  `select private.set_bot_number('${w.tenant.id}', '${w.id}', '100001', '200001', 'token', 'secret')`
const paused = (w: World) => ({ bot: { ref_id: w.ref, client_name: 'The first' }, reason: 'account_locked' })
const data = (w: World, more: object = {}) => ({
  bot: { ref_id: w.ref, client_name: 'The first', is_active: false, ...more },
})
const key = (w: World) => `bot ${w.ref}`

describeEvents(
  ['bot'],
  {
    'a bot that is created': {
      when: add,
      told: (w) => ({ types: { 'bot.created': data(w) }, key: key(w) }),
    },
    'a bot that is changed': {
      given: add,
      when: (w) => set(w, 'is_active = true'),
      told: (w) => ({
        types: { 'bot.updated': { ...data(w, { is_active: true }), changed: ['is_active'] } },
        key: key(w),
      }),
    },
    'a bot that is deleted': {
      given: add,
      when: (w) => `delete from public.bot_tenants where tenant_id = '${w.tenant.id}'`,
      told: (w) => ({ types: { 'bot.deleted': data(w) }, key: key(w) }),
    },
    'a bot that is paused': {
      given: (w) => `${add(w)}; ${connect(w)}`,
      when: (w) => `select private.pause_bot('${w.tenant.id}', '${w.id}', 'account_locked')`,
      told: (w) => ({ types: { 'bot.paused': paused(w) }, key: key(w) }),
    },
    'a bot that sends again': {
      given: (w) =>
        `${add(w)}; ${connect(w)}; select private.pause_bot('${w.tenant.id}', '${w.id}', 'account_locked')`,
      when: (w) => `select private.resume_bot('${w.tenant.id}', '${w.id}')`,
      told: (w) => ({ types: { 'bot.resumed': paused(w) }, key: key(w) }),
    },
  },
  {
    'a pause of a bot that is paused': {
      given: (w) =>
        `${add(w)}; ${connect(w)}; select private.pause_bot('${w.tenant.id}', '${w.id}', 'account_locked')`,
      when: (w) => `select private.pause_bot('${w.tenant.id}', '${w.id}', 'number_banned')`,
    },
    'a pause of a bot without a number': {
      given: add,
      when: (w) => `select private.pause_bot('${w.tenant.id}', '${w.id}', 'account_locked')`,
    },
    'a bot that is not paused and is to send again': {
      given: (w) => `${add(w)}; ${connect(w)}`,
      when: (w) => `select private.resume_bot('${w.tenant.id}', '${w.id}')`,
    },
    'a change that changes nothing': { given: add, when: (w) => set(w, 'client_name = client_name') },
    'a key of a model that is replaced': { given: add, when: (w) => set(w, 'updated_at = now()') },
  },
)
