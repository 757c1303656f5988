// @ts-check

export default {
  skip: 'Skip to content',
  loading: 'Loading …',
  unknownTitle: 'There is nothing here',
  unknownText:
    'We could not find an assessment at this address. Please check the link for a typing error, or ask whoever sent it to you for a new one.',
  troubleTitle: 'We cannot reach this page right now',
  troubleText:
    'Please check your internet connection. The page will come back by itself once you are online.',
  retry: 'Try again',
  earlyTitle: 'This assessment has not begun yet',
  /** @param {string} when */
  earlyText: (when) => `It opens on ${when}.`,
  endedTitle: 'This assessment is closed',
  endedText: 'It takes no more answers. Ask whoever sent you the link whether there is another one.',
  expiredTitle: 'Your session has expired',
  expiredText:
    'Answers are kept for a limited time only. The ones on this device are still here, and you can start again with them.',
  lostLink: 'This link to continue does not work any more. You can start anew.',
  changed: 'This assessment was changed meanwhile. Please start anew.',
  startAgain: 'Start again',
  chooseMode: 'How would you like to do it?',
  /** @param {number} count */
  questions: (count) => (count === 1 ? 'One question' : `${count} questions`),
  introHint:
    'Your answers are saved as you go. You can stop at any time, and continue later or on another device.',
  start: 'Start',
  offerTitle: 'Continue where you stopped',
  /** @param {number} done @param {number} all */
  offerText: (done, all) => `${done} of ${all} questions are answered.`,
  offerDone: 'This assessment is completed.',
  goOn: 'Continue',
  notMine: 'This is not mine',
  /** @param {number} at @param {number} all */
  progress: (at, all) => `Question ${at} of ${all}`,
  scaleHint:
    'A click or the key of a number leads on to the next question. With the arrow keys you only choose.',
  choiceHint:
    'A click or the key of a letter leads on to the next question. With the arrow keys you only choose.',
  readAloud: 'Read aloud',
  stopReading: 'Stop',
  back: 'Back',
  next: 'Next',
  leaveOut: 'Skip',
  clear: 'Take my answer back',
  finish: 'See my result',
  send: 'Send my answers',
  saved: 'Saved',
  saving: 'Saving …',
  waiting: 'Waiting for the network. Your answers are safe on this device.',
  waitingUnkept: 'Waiting for the network. Please keep this page open.',
  dropped: 'This answer could not be saved. Please choose again.',
  failed: 'That did not work. Please try again.',
  elsewhere: 'Continue on another device',
  elsewhereText: 'Open this link there. Whoever has it can see and change your answers.',
  copy: 'Copy the link',
  copied: 'Copied',
  checkTitle: 'Some questions have no answer yet',
  /** @param {number} count */
  checkText: (count) =>
    count === 1
      ? 'One question has no answer. It will not count.'
      : `${count} questions have no answer. They will not count.`,
  nothingText: 'Please answer at least one question.',
  answerThem: 'Answer them',
  finishAnyway: 'Continue without them',
  contactTitle: 'How may we reach you?',
  contactSoft: 'You may also continue without telling us who you are.',
  name: 'Name (optional)',
  email: 'E-mail address',
  emailInvalid: 'Enter an e-mail address, such as name@example.com.',
  /** @param {string} tenant */
  consent: (tenant) =>
    `I agree that ${tenant} keeps my answers and my contact details, and writes to me about my result.`,
  consentMissing: 'Tick the box if you agree. Without it we may not keep your address.',
  withoutContact: 'Continue without an address',
  finishingTitle: 'One moment',
  finishingText: 'Your answers are being evaluated.',
  finishingOffline: 'As soon as you are online, your last answers are sent and your result appears here.',
  resultTitle: 'Your result',
  doneTitle: 'Thank you',
  doneText: 'Your answers have arrived.',
  behind: 'Behind it',
  strengths: 'Strengths',
  shadows: 'What to watch',
  all: 'All scores',
  /** @param {number} count */
  chart: (count) => `Chart of ${count} values. The list below has the same figures.`,
  reflection: 'What this may mean',
  reflecting: 'A text about your result is being written …',
  remark: 'About your last answer',
  byModel: 'Written by a language model (AI). It may be wrong.',
  booking: 'Book a conversation',
  forget: 'Remove from this device',
  forgetText: 'If others use this device, remove your answers from it. They stay with us.',
  poweredBy: 'Powered by Tenantry',
}
