import { LRUCache } from 'lru-cache'
import { admin, named, Problem, refIdPattern, sql } from '../../db/index.ts'
import { etagOf } from '../../runtime/index.ts'
import { columns, type Overrides, type ResolvedConfig } from '../config/parts.ts'
import { resolve } from '../config/resolve.ts'
import type { Mode } from '../scoring/score.ts'
import type { Offer } from './schema.ts'

/** A campaign as participants take it: what they see, and the configuration that scores their answers. */
export interface OpenOffer {
  tenantId: string
  campaignId: string
  frameworkVersion: number
  configVersion: number
  config: ResolvedConfig
  /** What is public of it. */
  offer: Offer
  /** The same as the text that is served, with its strong ETag. */
  text: string
  etag: string
}

interface OfferRow {
  tenant_id: string
  campaign: {
    id: string
    ref_id: string
    name: string
    assessment_type: string
    results_disclosure: 'full' | 'summary' | 'none'
    mode: string | null
    landing: { headline?: string; intro?: string }
  }
  opens_at: Date | null
  closes_at: Date | null
  is_open: boolean
  framework_name: string
  framework_version: number
  base: Record<string, unknown>
  config: Partial<Overrides>
  config_version: number
  booking_url: string | null
  has_voice: boolean
  voice_id: string | null
}

/**
 * How old an offer may be: participants see a change of the configuration after this time. What decides (whether the campaign
 * is open, and whether a session is completed) is asked of the database each time.
 */
const maxAgeMs = 5_000

/** By slug and campaign. Requests for one that is being read wait for the same query. */
const offers = new LRUCache<string, { offer: OpenOffer | null }>({
  ttl: maxAgeMs,
  max: 1_000,
  // The resolved configuration is about as large as four times what is public of it.
  maxSize: 16 * 1_048_576,
  sizeCalculation: ({ offer }) => 200 + (offer ? offer.text.length * 5 : 0),
  fetchMethod: async (key) => {
    const [slug = '', ref = ''] = key.split('/')
    return { offer: await readOffer(slug, ref) }
  },
})

/** A campaign as participants see it. 404 campaign_not_found, also for a draft. */
export async function findOffer(slug: string, ref: string): Promise<OpenOffer> {
  const found = refIdPattern.test(ref) ? await offers.fetch(`${slug.toLowerCase()}/${ref}`) : undefined
  if (found?.offer) return found.offer
  throw new Problem(
    'campaign_not_found',
    'There is no campaign at this address. Check the link that you were given.',
  )
}

// The admin connection, because nobody is signed in. The function returns what belongs to this one slug and campaign.
async function readOffer(slug: string, ref: string): Promise<OpenOffer | null> {
  const [row] = await admin.query<OfferRow>(
    named(
      'find_offer',
      sql`
      select o.tenant_id, to_jsonb(o.campaign) as campaign, (o.campaign).opens_at,
        (o.campaign).closes_at, o.is_open, o.framework_name, o.framework_version, o.base, o.config,
        o.config_version, o.booking_url, o.has_voice, o.voice_id
      from private.find_offer(${slug}, private.ulid_to_uuid(${ref})) as o`,
    ),
  )
  return row ? prepare(row) : null
}

function prepare(row: OfferRow): OpenOffer {
  const { campaign } = row
  const config = resolve(row.base, { ...nothing, ...row.config })
  const { voice } = config.providers
  const reads_aloud = voice.is_enabled && row.has_voice
  const offer: Offer = {
    campaign: {
      ref_id: campaign.ref_id,
      name: campaign.name,
      is_open: row.is_open,
      opens_at: row.opens_at,
      closes_at: row.closes_at,
      results_disclosure: campaign.results_disclosure,
    },
    framework: {
      framework_id: campaign.assessment_type,
      name: row.framework_name,
      language: config.voice.language,
    },
    landing: {
      headline: campaign.landing.headline ?? config.landing.headline,
      ...(campaign.landing.intro !== undefined && { intro: campaign.landing.intro }),
      capture_gate: config.landing.capture_gate,
      personas: config.landing.personas,
      traffic_split: config.landing.traffic_split,
    },
    modes: modesOf(config, campaign.mode),
    chart: config.results.spider_chart_enabled,
    has_insights: config.providers.micro_insight.is_enabled && campaign.results_disclosure !== 'none',
    reads_aloud,
    voice_name: reads_aloud ? (voice.model ?? row.voice_id) : null,
    booking_url: config.communications.booking_url ?? row.booking_url,
  }
  const text = JSON.stringify(offer)
  return {
    tenantId: row.tenant_id,
    campaignId: campaign.id,
    frameworkVersion: row.framework_version,
    configVersion: row.config_version,
    config,
    offer,
    text,
    etag: etagOf(text),
  }
}

const nothing = Object.fromEntries(
  columns.map((column) => [column, column === 'test_clients' ? [] : {}]),
) as Overrides

/** The modes that a campaign offers. Questionnaires first, because most people know how to fill one in. */
function modesOf(config: ResolvedConfig, chosen: string | null): Offer['modes'] {
  return Object.entries(config.modes)
    .filter(([id, mode]) => mode.is_enabled && (chosen === null || id === chosen))
    .sort(([a, x], [b, y]) => Number(y.kind === 'scale') - Number(x.kind === 'scale') || (a < b ? -1 : 1))
    .map(([id, mode]) => publicMode(id, mode))
}

/** Without the weights: whoever knows them can choose a result. */
function publicMode(id: string, { kind, title, intro, scale, items }: Mode): Offer['modes'][number] {
  return {
    id,
    kind,
    title,
    intro,
    ...(scale && { scale }),
    items: inOrder(items).map(([item, { prompt, options }]) => ({
      id: item,
      prompt,
      ...(options && { options: inOrder(options).map(([option, { label }]) => ({ id: option, label })) }),
    })),
  }
}

const inOrder = <Positioned extends { position: number }>(named: Record<string, Positioned>) =>
  Object.entries(named).sort(([a, x], [b, y]) => x.position - y.position || (a < b ? -1 : 1))
