import './problems.ts'

export {
  changeCampaign,
  createCampaign,
  deleteCampaign,
  listCampaigns,
  readCampaign,
} from './campaigns/queries.ts'
export {
  Campaign,
  CampaignChange,
  CampaignQuery,
  Campaigns,
  NewCampaign,
  OwnCampaignPath,
} from './campaigns/schema.ts'
export { ClientBio, ClientBioChange } from './clients/bio-schema.ts'
export { deleteBio, readBio, saveBio } from './clients/bios.ts'
export {
  AwaitedDocument,
  ClientDocument,
  ClientDocuments,
  DocumentPath,
  DocumentQuery,
  NewClientDocument,
  OpenedDocument,
} from './clients/document-schema.ts'
export {
  awaitDocument,
  completeDocument,
  deleteDocument,
  listDocuments,
  openDocument,
} from './clients/documents.ts'
export {
  ConfigDraft,
  DraftChange,
  expectedRevision,
  Publications,
  ReceivedDraftChange,
  revisionTag,
  Schedule,
  ScheduledConfig,
  ScheduledConfigs,
  ScheduledPath,
  ScheduledQuery,
} from './config/draft-schema.ts'
export {
  cancelScheduled,
  deleteDraft,
  listScheduled,
  publishDraft,
  readDraft,
  readResolvedDraft,
  saveDraft,
  scheduleDraft,
} from './config/drafts.ts'
export { publishDue } from './config/due.ts'
export {
  diffVersions,
  listVersions,
  readConfig,
  readResolved,
  readVersion,
  restoreVersion,
  updateConfig,
} from './config/queries.ts'
export { findResolved } from './config/resolved-cache.ts'
export {
  ConfigChange,
  ConfigDiff,
  ConfigVersion,
  ConfigVersionQuery,
  ConfigVersions,
  DiffQuery,
  FrameworkConfig,
  ReceivedConfigChange,
  ResolvedAnswer,
  ResolvedQuery,
  Restoration,
  VersionPath,
} from './config/schema.ts'
export { cancelFollowup, listFollowups, sendFollowupNow } from './followups/queries.ts'
export { FollowupAnswer, FollowupPath, FollowupQuery, Followups } from './followups/schema.ts'
export { listFrameworks } from './frameworks/queries.ts'
export { FrameworkPath, FrameworkQuery, Frameworks } from './frameworks/schema.ts'
export { inviteParticipants } from './invitations/queries.ts'
export { InvitationAnswer, NewInvitations } from './invitations/schema.ts'
export { writeParticipants } from './pipeline/csv.ts'
export {
  listParticipants,
  moveParticipant,
  readCompletions,
  readParticipant,
  readPipeline,
} from './pipeline/queries.ts'
export {
  CompletionQuery,
  Completions,
  ParticipantDetails,
  ParticipantMove,
  ParticipantPath,
  ParticipantQuery,
  Participants,
  Pipeline,
  PipelineQuery,
} from './pipeline/schema.ts'
export { PreviewRequest, previewScores, ScoringPreview } from './scoring/preview.ts'
export { findOffer } from './taking/offers.ts'
export { completeSession, readResult } from './taking/results.ts'
export {
  AnswerChange,
  CampaignPath,
  ContactChange,
  NewSession,
  Offer,
  ReceivedAnswerChange,
  SavedAnswers,
  SessionAnswer,
  TakenResultAnswer,
} from './taking/schema.ts'
export { beginSession, openSession, type Participant, saveAnswers, saveContact } from './taking/sessions.ts'
export { readInsight } from './writing/insight.ts'
export { readReflection } from './writing/reflection.ts'
export { Suggestion, SuggestionRequest } from './writing/schema.ts'
export { suggestChange } from './writing/suggest.ts'
export { InsightAnswer, InsightRequest, ReflectionAnswer } from './writing/text-schema.ts'
