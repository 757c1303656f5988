import './problems.ts'

export { tryBot } from './answering/answer.ts'
export { answerContacts } from './answering/queue.ts'
export { BotAnswer, Trial } from './answering/schema.ts'
export { changeBot, createBot, deleteBot, listBots, readBot } from './bots/queries.ts'
export { Bot, BotChange, BotPath, BotQuery, Bots, NewBot } from './bots/schema.ts'
export {
  forgetContact,
  handBack,
  listConversations,
  listMessages,
  readConversation,
  takeOver,
  writeToContact,
} from './conversations/queries.ts'
export {
  Conversation,
  ConversationPath,
  ConversationQuery,
  Conversations,
  Message,
  MessageQuery,
  Messages,
  NewBotMessage,
} from './conversations/schema.ts'
export { removeBotModel, setBotModel } from './models/queries.ts'
export { BotModelSettings } from './models/schema.ts'
export { readMpesaAccount, removeMpesaAccount, setMpesaAccount } from './mpesa/queries.ts'
export { MpesaAccount, MpesaSettings } from './mpesa/schema.ts'
export { answerHandshake } from './number/handshake.ts'
export { checkDueNumbers } from './number/health.ts'
export {
  readBotNumber,
  removeBotNumber,
  revealVerifyToken,
  rotateVerifyToken,
  setBotNumber,
  verifyBotNumber,
} from './number/queries.ts'
export {
  BotNumber,
  BotNumberSettings,
  CheckedNumbers,
  ConnectedBotNumber,
  VerifyToken,
} from './number/schema.ts'
export {
  changeBotPlan,
  createBotPlan,
  deleteBotPlan,
  listBotPlans,
  readBotPlan,
} from './plans/queries.ts'
export { BotPlan, BotPlanChange, BotPlanPath, BotPlanQuery, BotPlans, NewBotPlan } from './plans/schema.ts'
export { receiveWebhook } from './receiving/receive.ts'
export { TakenWebhook } from './receiving/schema.ts'
export { sendToContacts } from './sending/queue.ts'
export { changeBotSettings, readBotSettings } from './settings/queries.ts'
export { BotSettings, BotSettingsChange } from './settings/schema.ts'
export { checkCheckouts, hearCheckout } from './subscriptions/checking.ts'
export { pushPayments } from './subscriptions/pushing.ts'
export { listContactSubscriptions } from './subscriptions/queries.ts'
export {
  CheckedCheckouts,
  CheckoutPath,
  ContactSubscription,
  ContactSubscriptionQuery,
  ContactSubscriptions,
  HeardCheckout,
} from './subscriptions/schema.ts'
export {
  changeBotTemplate,
  createBotTemplate,
  deleteBotTemplate,
  listBotTemplates,
  readBotTemplate,
} from './templates/queries.ts'
export {
  BotTemplate,
  BotTemplateChange,
  BotTemplatePath,
  BotTemplateQuery,
  BotTemplates,
  NewBotTemplate,
} from './templates/schema.ts'
export { importTrainingData, writeTrainingData } from './training-data/csv.ts'
export {
  addTrainingRow,
  changeTrainingRow,
  deleteTrainingRow,
  listTrainingData,
  readTrainingRow,
} from './training-data/queries.ts'
export {
  NewTrainingRow,
  TrainingChange,
  TrainingImport,
  TrainingPath,
  TrainingQuery,
  TrainingRow,
  TrainingRows,
} from './training-data/schema.ts'
