import { manager, type RouteRules } from '../../kit/rules/routes.ts'

const words = { name: 'Ours', subject: 'Hello', body_html: '<p>Hello</p>' }

export default {
  'GET /notifications/templates': { may: [manager] },
  'GET /notifications/templates/:template/:locale': {
    may: [manager],
    path: '/notifications/templates/welcome/en',
  },
  // The tenant has none of its own: past the door is 404 not_found.
  'GET /notifications/templates/:template/:locale/diff': {
    may: [manager],
    gives: 404,
    path: '/notifications/templates/welcome/en/diff',
  },
  'POST /notifications/templates/:template/:locale/preview': {
    unaudited: 'changes nothing',
    may: [manager],
    path: '/notifications/templates/welcome/en/preview',
    whenFrozen: 'changes nothing',
    body: () => ({ data: { name: 'Ada', tenant: 'Analytical' } }),
  },
  'PUT /notifications/templates/:template/:locale': {
    may: [manager],
    path: '/notifications/templates/own_words/en',
    headers: { 'if-match': '"0"' },
    body: () => words,
  },
  // The tenant has none of its own: past the door is 404 not_found.
  'DELETE /notifications/templates/:template/:locale': {
    may: [manager],
    gives: 404,
    path: '/notifications/templates/welcome/en',
    headers: { 'if-match': '"0"' },
  },
} satisfies RouteRules
