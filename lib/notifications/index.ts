import './problems.ts'

export { isSignedByMeta } from './callbacks/meta.ts'
export { confirmCallback, receiveCallback } from './callbacks/receive.ts'
export { CallbackPath, TakenCallbacks } from './callbacks/schema.ts'
export { dispatchNotifications } from './dispatch/queue.ts'
export { campaignUrl, unsubscribePage } from './dispatch/settings.ts'
export { listDispatches } from './dispatches/queries.ts'
export { NotificationDispatches, NotificationDispatchQuery } from './dispatches/schema.ts'
export { sendMessage } from './messages/queries.ts'
export { AcceptedMessage, NewMessage } from './messages/schema.ts'
export { askForPhone, confirmPhone, readPhone, removePhone } from './phone/queries.ts'
export { NewPhoneNumber, PhoneCode, PhoneNumber } from './phone/schema.ts'
export { readPreferences, writePreferences } from './preferences/queries.ts'
export { NotificationPreferences } from './preferences/schema.ts'
export { listProviders, readProvider, removeProvider, setProvider } from './providers/queries.ts'
export {
  NotificationProvider,
  NotificationProviders,
  ProviderPath,
  ProviderQuery,
  ProviderSettings,
  ProviderTest,
  settingsByChannel,
} from './providers/schema.ts'
export { testProvider } from './providers/test.ts'
export { countUnread, listNotifications, markAllRead, markNotification } from './queries.ts'
export {
  MarkedNotifications,
  Notification,
  NotificationMark,
  NotificationPath,
  NotificationQuery,
  Notifications,
  ReadUntil,
  UnreadCount,
} from './schema.ts'
export { postToProvider } from './senders/http.ts'
export { storable, type Verdict } from './senders/message.ts'
export { graphUrl } from './senders/settings.ts'
export {
  liftSuppression,
  listSuppressions,
  lookUpUnsubscribing,
  unsubscribe,
} from './suppressions/queries.ts'
export {
  SuppressionPath,
  SuppressionQuery,
  Suppressions,
  UnsubscribePath,
  Unsubscribing,
} from './suppressions/schema.ts'
export {
  compareTemplate,
  listTemplates,
  previewTemplate,
  readTemplate,
  removeTemplate,
  writeTemplate,
} from './templates/queries.ts'
export {
  EmailPreview,
  EmailTemplate,
  EmailTemplateDiff,
  EmailTemplatePath,
  EmailTemplateQuery,
  EmailTemplates,
  NewEmailTemplate,
  PreviewRequest,
} from './templates/schema.ts'
export { listUnsettled, settleMessage } from './unsettled/queries.ts'
export { Settlement, UnsettledMessages, UnsettledPath, UnsettledQuery } from './unsettled/schema.ts'
