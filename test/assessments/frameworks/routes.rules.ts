import { manager, type RouteRules, reader } from '../../kit/rules/routes.ts'

const config = '/assessments/frameworks/industry4/config'

export default {
  'GET /assessments/frameworks': { may: [reader] },
  'GET /assessments/frameworks/:framework/config': { may: [reader], path: config },
  'PATCH /assessments/frameworks/:framework/config': {
    may: [manager],
    path: config,
    headers: { 'if-match': '"0"' },
    body: () => ({ landing_overrides: { headline: 'Ours' } }),
  },
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
  'GET /assessments/frameworks/:framework/config/versions': { may: [reader], path: `${config}/versions` },
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
