import { createApp } from '../../lib/http/index.ts'
import { bots } from './bots.ts'
import { models } from './models.ts'
import { settings } from './settings.ts'
import { templates } from './templates.ts'
import { trainingData } from './training-data.ts'
import { trials } from './trials.ts'

export const app = createApp('bots')
  .route('/bots', bots)
  .route('/bots', models)
  .route('/bots', settings)
  .route('/bots', templates)
  .route('/bots', trainingData)
  .route('/bots', trials)

Deno.serve(app.fetch)
