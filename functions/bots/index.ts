import { createApp } from '../../lib/http/index.ts'
import { bots } from './bots.ts'
import { checkouts } from './checkouts.ts'
import { conversations } from './conversations.ts'
import { answers, pushes, sends } from './dispatch.ts'
import { models } from './models.ts'
import { mpesa } from './mpesa.ts'
import { number, numberChecks } from './number.ts'
import { plans } from './plans.ts'
import { settings } from './settings.ts'
import { subscriptions } from './subscriptions.ts'
import { templates } from './templates.ts'
import { trainingData } from './training-data.ts'
import { trials } from './trials.ts'
import { whatsapp } from './whatsapp.ts'

export const app = createApp('bots')
// Not in a chain: the type of so many routes in one expression is more than TypeScript works out.
app.route('/bots', bots)
app.route('/answer', answers)
app.route('/send', sends)
app.route('/checkouts/push', pushes)
app.route('/checkouts', checkouts)
app.route('/bots', conversations)
app.route('/bots', models)
app.route('/bots', settings)
app.route('/bots', templates)
app.route('/bots', trainingData)
app.route('/bots', trials)
app.route('/bots', number)
app.route('/bots', mpesa)
app.route('/bots', plans)
app.route('/bots', subscriptions)
app.route('/numbers', numberChecks)
app.route('/whatsapp', whatsapp)

Deno.serve(app.fetch)
