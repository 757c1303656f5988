export default {
  lead: 'See messages before you have a receiver. An endpoint is made for an hour, this page asks for what comes to it, and the browser verifies each signature. It takes one of the endpoints of your plan.',
  tryIt: 'Try it here',
  itsName: 'Webhook inbox',
  inboxes: 'Open inboxes',
  open: 'Open',
  listens: (until: string) =>
    `It listens until ${until}, and is then deleted with its messages. Leaving this page does not end it.`,
  ended: 'This inbox has ended. What arrived is shown until you leave.',
  end: 'End it',
  pollAsCurl: 'Ask for messages with curl',
  acknowledgeAsCurl: 'Say with curl that they arrived',
  endAsCurl: 'End it with curl',
  messages: 'Messages',
  waiting: 'It waits for the first message.',
  arrived: (count: string) => `Messages that arrived: ${count}`,
  made: 'Made',
  verdicts: {
    right: 'The signature is right.',
    untimely:
      'Refused: it was signed more than five minutes before it arrived. It may be an old message, sent again.',
    forged:
      'Refused: the signature does not fit. The body was altered, or it was signed with another secret.',
  },
  onTheWay: 'What happens on the way',
  mishaps: {
    none: 'Nothing',
    body: 'One byte of the body is changed',
    secret: 'The receiver has another secret',
    late: 'It arrives ten minutes later',
  },
  altered: (position: string, from: string, to: string) =>
    `Character ${position} of the body was “${from}” and is “${to}” now.`,
}
