export { AuditActionQuery, AuditActions, listAuditActions } from './actions.ts'
export { exportAuditLog } from './export.ts'
export { chainProblems, readAuditLog, readPlatformAuditLog, verifyAuditLog, walkChain } from './log.ts'
export {
  AuditEvents,
  AuditQuery,
  AuditVerification,
  AuditViewerToken,
  ExportQuery,
  NewAuditViewerToken,
  PlatformAuditQuery,
  RevokedAuditViewerTokens,
} from './schema.ts'
export { enterAsViewer, issueViewerToken, isViewerToken, revokeViewerTokens } from './viewers.ts'
