// @ts-check
import { isFinal, loadConfig } from '../../page/load-config.js'
import { ask } from './api.js'
import { parseDefinition, parseSession } from './definition.js'
/** @import { Loaded, PageConfig, Session } from './model.d.ts' */

/** @param {{ campaign: string | null, tenant: string | null }} address @returns {Promise<Loaded>} */
export async function load({ campaign, tenant }) {
  const config = await loadTenant(tenant)
  if (config === 'unreachable') return { kind: 'unreachable' }
  if (!config?.slug || !campaign) return { kind: 'unknown', config }
  const path = `/take/${config.slug}/${campaign}`
  const { status, body } = await ask('GET', path)
  if (isFinal(status)) return { kind: 'unknown', config }
  const definition = status === 200 ? parseDefinition(body) : null
  return definition ? { kind: 'found', config, definition, path } : { kind: 'unreachable' }
}

/**
 * The host comes first: on a tenant's own domain nobody can show a page of another tenant by a parameter.
 * @param {string | null} slug @returns {Promise<PageConfig | null | 'unreachable'>}
 */
async function loadTenant(slug) {
  let outcome = await loadConfig()
  if (outcome.kind === 'unknown' && slug) outcome = await loadConfig(slug)
  return outcome.kind === 'found' ? outcome.config : outcome.kind === 'unknown' ? null : 'unreachable'
}

/** The session of a link to another device. @param {string} token @param {string} campaign @returns {Promise<Session | 'lost' | 'unreachable'>} */
export async function loadOffer(token, campaign) {
  const { status, body } = await ask('GET', '/sessions/current', { token })
  if (status !== 200) return isFinal(status) ? 'lost' : 'unreachable'
  const session = parseSession(body)
  return session.campaign === campaign ? session : 'lost'
}
