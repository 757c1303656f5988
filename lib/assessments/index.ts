import './problems.ts'

export {
  diffVersions,
  listVersions,
  readConfig,
  readResolved,
  readVersion,
  restoreVersion,
  updateConfig,
} from './config/queries.ts'
export {
  ConfigChange,
  ConfigDiff,
  ConfigVersion,
  ConfigVersionQuery,
  ConfigVersions,
  DiffQuery,
  expectedVersion,
  FrameworkConfig,
  ReceivedConfigChange,
  ResolvedAnswer,
  ResolvedQuery,
  Restoration,
  VersionPath,
  versionTag,
} from './config/schema.ts'
export { listFrameworks } from './frameworks/queries.ts'
export { FrameworkPath, FrameworkQuery, Frameworks } from './frameworks/schema.ts'
export { PreviewRequest, previewScores, ScoringPreview } from './scoring/preview.ts'
