import { expect, it } from 'vitest'
import { fileAt, files } from '../../web/console/app/files.ts'

it.each([
  ['/', '/'],
  ['/t/acme', '/t/$slug'],
  ['/t/acme/', '/t/$slug'],
  ['/t/acme/webhooks/deliveries', '/t/$slug/webhooks/deliveries'],
  ['/t/acme/webhooks/wep_1', '/t/$slug/webhooks/$endpoint'],
  ['/t/acme/bots/bot_1/training/row_1', '/t/$slug/bots/$bot/training/$row'],
] as const)('the page at %s asks for the file of %s first', (path, screen) => {
  expect(fileAt(path)).toBe(files[screen])
})

it.each(['/nowhere', '/t/acme/nowhere', '/t/acme/brand/more'])('and for none at %s', (path) => {
  expect(fileAt(path)).toBeUndefined()
})
