import { createApp } from '../../lib/http/index.ts'
import { members } from './members.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry').route('/tenants', tenants).route('/tenants/:ref/members', members)

Deno.serve(app.fetch)
