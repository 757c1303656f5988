import { createApp } from '../../lib/http/index.ts'
import { bots } from './bots.ts'
import { conversations } from './conversations.ts'
import { answers, sends } from './dispatch.ts'
import { models } from './models.ts'
import { number, numberChecks } from './number.ts'
import { receiving } from './receiving.ts'
import { settings } from './settings.ts'
import { templates } from './templates.ts'
import { trainingData } from './training-data.ts'
import { trials } from './trials.ts'
import { whatsapp } from './whatsapp.ts'

export const app = createApp('bots')
  .route('/bots', bots)
  .route('/answer', answers)
  .route('/send', sends)
  .route('/whatsapp', receiving)
  .route('/bots', conversations)
  .route('/bots', models)
  .route('/bots', settings)
  .route('/bots', templates)
  .route('/bots', trainingData)
  .route('/bots', trials)
  .route('/bots', number)
  .route('/numbers', numberChecks)
  .route('/whatsapp', whatsapp)

Deno.serve(app.fetch)
