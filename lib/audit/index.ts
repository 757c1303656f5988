export { AuditActionQuery, AuditActions, listAuditActions } from './actions.ts'
export { type AuditCheckpoint, breakOf, linesOf, readCheckpoint, verifyExport } from './chain.ts'
export { exportAuditLog } from './export.ts'
export { readAuditEvent, readAuditLog, readPlatformAuditLog, verifyAuditLog, walkChain } from './log.ts'
export {
  AuditEvent,
  AuditEventPath,
  AuditEvents,
  AuditQuery,
  AuditVerification,
  AuditViewerToken,
  ExportQuery,
  NewAuditViewerToken,
  PlatformAuditQuery,
  RevokedAuditViewerTokens,
} from './schema.ts'
