import type en from './en.ts'

const de: typeof en = {
  title: 'Einladung',
  offer: (tenant, role) => `Sie sind zu ${tenant} eingeladen, als: ${role}.`,
  until: (day) => `Die Einladung ist bis ${day} offen.`,
  sentTo: (hint) => `Sie wurde an ${hint} gesendet.`,
  signedInAs: (email) => `Sie sind als ${email} angemeldet.`,
  accept: 'Einladung annehmen',
  other: 'Anderes Konto verwenden',
  lost: 'Dieser Link ist unvollständig oder wurde schon benutzt. Öffnen Sie den Link in der Mail noch einmal, oder bitten Sie um eine neue Einladung.',
}

export default de
