export { exportAuditLog } from './export.ts'
export { chainProblems, readAuditLog, verifyAuditLog, walkChain } from './log.ts'
export {
  AuditEvents,
  AuditQuery,
  AuditVerdict,
  ExportQuery,
  NewViewerToken,
  RevokedViewerTokens,
  ViewerToken,
} from './schema.ts'
export { enterAsViewer, issueViewerToken, isViewerToken, revokeViewerTokens } from './viewers.ts'
