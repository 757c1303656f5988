import type { Schemas } from '../../../lib/client/index.ts'

export type Config = Schemas['ResolvedConfig']
export type Draft = Schemas['ConfigDraft']
export type Columns = Required<Draft['change']>
export type Scheduled = Schemas['ScheduledConfig']
export type Operation = Schemas['ConfigDiff']['diff'][number]

/** Which column of a tenant's changes is about which part of an assessment. */
export const partOf = {
  landing_overrides: 'landing',
  mode_overrides: 'modes',
  archetype_overrides: 'archetypes',
  scoring_overrides: 'scoring',
  results_display: 'results',
  voice_overrides: 'voice',
  communications: 'communications',
  providers: 'providers',
  test_clients: 'test_clients',
} as const satisfies Record<keyof Columns, keyof Config>
export type Column = keyof typeof partOf
export const columns = Object.keys(partOf) as Column[]
