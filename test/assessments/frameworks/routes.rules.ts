import { manager, type RouteRules, reader, service } from '../../kit/rules/routes.ts'

const config = '/assessments/frameworks/industry4/config'

export default {
  'GET /assessments/frameworks': { may: [reader] },
  'GET /assessments/frameworks/:framework/config': {
    may: [reader],
    path: config,
  },
  'PATCH /assessments/frameworks/:framework/config': {
    noScreen: 'the console changes it by a draft, which others see before it is published',
    may: [manager],
    path: config,
    headers: { 'if-match': '"0"' },
    body: () => ({ landing_overrides: { headline: 'Ours' } }),
  },
  'GET /assessments/frameworks/:framework/config/draft': {
    may: [reader],
    gives: 404,
    path: `${config}/draft`,
  },
  'PUT /assessments/frameworks/:framework/config/draft': {
    may: [manager],
    path: `${config}/draft`,
    headers: { 'if-match': '"0"' },
    body: () => ({ base_version: 0, landing_overrides: { headline: 'Ours' } }),
  },
  // The tenant has no draft: past the door is 404 draft_not_found.
  'DELETE /assessments/frameworks/:framework/config/draft': {
    may: [manager],
    gives: 404,
    path: `${config}/draft`,
    headers: { 'if-match': '"0"' },
  },
  'GET /assessments/frameworks/:framework/config/draft/resolved': {
    may: [reader],
    gives: 404,
    path: `${config}/draft/resolved`,
  },
  'POST /assessments/frameworks/:framework/config/draft/preview': {
    may: [reader],
    gives: 404,
    path: `${config}/draft/preview`,
    body: () => ({ answers: { s1: 7 } }),
    whenFrozen: 'changes nothing',
  },
  'POST /assessments/frameworks/:framework/config/draft/publish': {
    may: [manager],
    gives: 404,
    path: `${config}/draft/publish`,
    headers: { 'if-match': '"0"' },
  },
  'POST /assessments/frameworks/:framework/config/draft/schedule': {
    may: [manager],
    gives: 404,
    path: `${config}/draft/schedule`,
    headers: { 'if-match': '"0"' },
    body: () => ({ publish_at: new Date(Date.now() + 3_600_000).toISOString() }),
  },
  'GET /assessments/frameworks/:framework/config/scheduled': {
    may: [reader],
    path: `${config}/scheduled`,
  },
  'DELETE /assessments/frameworks/:framework/config/scheduled/:scheduled': {
    may: [manager],
    gives: 404,
    path: `${config}/scheduled/01JD3N8Q4ZB6T2V9XK5M7R0C1E`,
  },
  'POST /assessments/frameworks/publish-due': { may: [service], unaudited: 'nothing is due' },
  'POST /assessments/frameworks/:framework/config/preview': {
    unaudited: 'changes nothing',
    may: [reader],
    path: `${config}/preview`,
    body: () => ({ answers: { s1: 7 } }),
    whenFrozen: 'changes nothing',
  },
  'GET /assessments/frameworks/:framework/config/resolved': { may: [reader], path: `${config}/resolved` },
  'POST /assessments/frameworks/:framework/config/restore': {
    may: [manager],
    path: `${config}/restore`,
    headers: { 'if-match': '"0"' },
    body: () => ({ version: 0 }),
  },
  'GET /assessments/frameworks/:framework/config/versions': {
    may: [reader],
    path: `${config}/versions`,
  },
  // The tenant has no version yet: past the door is 404 version_not_kept.
  'GET /assessments/frameworks/:framework/config/versions/:version': {
    may: [reader],
    gives: 404,
    path: `${config}/versions/1`,
  },
  'GET /assessments/frameworks/:framework/config/versions/:version/diff': {
    may: [reader],
    path: `${config}/versions/0/diff`,
  },
} satisfies RouteRules
