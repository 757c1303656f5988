import { expect } from 'vitest'
import { describeEvents, type World } from './happening.ts'

const addCampaign = (w: World) =>
  `insert into public.campaigns (tenant_id, id, name, opens_at) values ('${w.tenant.id}', '${w.id}', 'Spring', '2027-03-01 09:00+01')`
const addSession = (w: World, status = 'registered') =>
  `insert into public.participant_sessions (tenant_id, id, email, full_name, client_status) values ('${w.tenant.id}', '${w.id}', 'ada@example.com', 'Ada', '${status}')`
const setSession = (w: World, set: string) =>
  `update public.participant_sessions set ${set} where tenant_id = '${w.tenant.id}' and id = '${w.id}'`
const session = (w: World, status: string, more = {}) => ({
  ref_id: w.ref,
  campaign_id: null,
  email: 'ada@example.com',
  full_name: 'Ada',
  status,
  started_at: null,
  completed_at: null,
  expires_at: expect.stringMatching(/Z$/),
  created_at: expect.stringMatching(/Z$/),
  ...more,
})
const sessionKey = (w: World) => `participant_session ${w.ref}`
const campaign = (w: World, more = {}) => ({
  ref_id: w.ref,
  name: 'Spring',
  assessment_type: 'industry4',
  mode: null,
  status: 'open',
  results_disclosure: 'full',
  opens_at: '2027-03-01T08:00:00.000Z',
  closes_at: null,
  ...more,
})

describeEvents(
  ['campaign', 'participant_session'],
  {
    'a campaign that is created': {
      when: addCampaign,
      told: (w) => ({ types: { 'campaign.created': { campaign: campaign(w) } }, key: `campaign ${w.ref}` }),
    },
    'a campaign that is changed': {
      given: addCampaign,
      when: (w) =>
        `update public.campaigns set results_disclosure = 'none', closes_at = 'infinity' where id = '${w.id}'`,
      told: (w) => ({
        types: {
          'campaign.updated': {
            campaign: campaign(w, { results_disclosure: 'none' }),
            changed: ['closes_at', 'results_disclosure'],
          },
        },
        key: `campaign ${w.ref}`,
      }),
    },
    'a campaign of one mode that is closed, with words of its own': {
      given: addCampaign,
      when: (w) =>
        `update public.campaigns set mode = 'likert', status = 'closed', landing = '{"intro": "Welcome"}' where id = '${w.id}'`,
      told: (w) => ({
        types: {
          'campaign.updated': {
            campaign: campaign(w, { mode: 'likert', status: 'closed' }),
            changed: ['landing', 'mode', 'status'],
          },
        },
        key: `campaign ${w.ref}`,
      }),
    },
    'a campaign that is deleted, its participants being left': {
      given: (w) =>
        `${addCampaign(w)}; insert into public.participant_sessions (tenant_id, campaign_id) values ('${w.tenant.id}', '${w.id}')`,
      when: (w) => `delete from public.campaigns where id = '${w.id}'`,
      told: (w) => ({ types: { 'campaign.deleted': { campaign: campaign(w) } }, key: `campaign ${w.ref}` }),
    },
    'a participant who registers': {
      given: (w) => addCampaign(w),
      when: (w) => `${addSession(w)}; ${setSession(w, `campaign_id = '${w.id}'`)}`,
      told: (w) => ({
        types: { 'participant_session.created': { participant_session: session(w, 'registered') } },
        key: sessionKey(w),
      }),
    },
    'a participant with a campaign, and moments beyond the calendar': {
      given: (w) => addCampaign(w),
      when: (w) =>
        `insert into public.participant_sessions (tenant_id, id, campaign_id, expires_at, created_at) values ('${w.tenant.id}', '${w.id}', '${w.id}', 'infinity', '10000-01-01 00:00Z')`,
      told: (w) => ({
        types: {
          'participant_session.created': {
            participant_session: session(w, 'registered', {
              campaign_id: w.ref,
              email: null,
              full_name: null,
              expires_at: null,
              created_at: null,
            }),
          },
        },
        key: sessionKey(w),
      }),
    },
    'a participant who starts': {
      given: addSession,
      when: (w) => setSession(w, `client_status = 'started'`),
      told: (w) => ({
        types: {
          'participant_session.status_changed': {
            participant_session: session(w, 'started'),
            old_status: 'registered',
          },
        },
        key: sessionKey(w),
      }),
    },
    'a participant who completes': {
      given: addSession,
      when: (w) => setSession(w, `client_status = 'completed', completed_at = '2026-11-20 10:00:00.5+02'`),
      told: (w) => {
        const now = session(w, 'completed', { completed_at: '2026-11-20T08:00:00.500Z' })
        return {
          types: {
            'participant_session.status_changed': { participant_session: now, old_status: 'registered' },
            'participant_session.completed': { participant_session: now },
          },
          key: sessionKey(w),
        }
      },
    },
    'a participant who had completed before we heard of them': {
      when: (w) => addSession(w, 'completed'),
      told: (w) => ({
        types: {
          'participant_session.created': { participant_session: session(w, 'completed') },
          'participant_session.completed': { participant_session: session(w, 'completed') },
        },
        key: sessionKey(w),
      }),
    },
    'a participant who completes, and is moved back and forth': {
      given: (w) =>
        `${addSession(w)}; ${setSession(w, `client_status = 'completed'`)}; ${setSession(w, `client_status = 'started'`)}`,
      when: (w) => setSession(w, `client_status = 'completed', completed_at = '2026-11-20 09:30Z'`),
      told: (w) => ({
        types: {
          'participant_session.status_changed': {
            participant_session: session(w, 'completed', { completed_at: '2026-11-20T09:30:00.000Z' }),
            old_status: 'started',
          },
        },
        key: sessionKey(w),
      }),
    },
  },
  {
    'a campaign that is written as it was': {
      given: addCampaign,
      when: (w) => `update public.campaigns set name = name where id = '${w.id}'`,
    },
    'a participant whose name is corrected': {
      given: addSession,
      when: (w) => setSession(w, `full_name = 'Ada Lovelace', client_status = client_status`),
    },
    'a participant who is swept away, never having finished': {
      given: (w) => `${addSession(w)}; ${setSession(w, 'expires_at = now()')}`,
      when: () => 'select private.sweep_expired_participant_sessions()',
    },
  },
)
