export { exportAuditLog } from './export.ts'
export { chainProblems, readAuditLog, verifyAuditLog, walkChain } from './log.ts'
export {
  AuditEvents,
  AuditQuery,
  AuditVerification,
  AuditViewerToken,
  ExportQuery,
  NewAuditViewerToken,
  RevokedAuditViewerTokens,
} from './schema.ts'
export { enterAsViewer, issueViewerToken, isViewerToken, revokeViewerTokens } from './viewers.ts'
