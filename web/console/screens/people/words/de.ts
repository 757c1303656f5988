import type en from './en.ts'

const de: typeof en = {
  peopleNotManaged: 'Nur Admins und Inhaber laden ein und ändern Rollen.',
  members: 'Mitglieder',
  memberStatus: { deactivated: 'Deaktiviert', switched_off: 'Der Plan hat keinen Platz' },
  roleOf: (who) => `Rolle von ${who}`,
  roleLabel: 'Rolle',
  remove: 'Entfernen',
  leave: 'Verlassen',
  removeTitle: (who) => `${who} entfernen?`,
  leaveTitle: (tenant) => `${tenant} verlassen?`,
  removeLead: 'Der Zugang endet sofort. Eine neue Einladung gibt ihn zurück.',
  joinedBy: (provider) => `Durch die Regel von ${provider}`,
  provider: { oidc: 'OpenID Connect', saml: 'SAML' },
  removeLeadByRule: (provider) =>
    `Der Zugang endet sofort. Die Mitgliedschaft kommt von der Regel von ${provider} und entsteht bei der nächsten Anmeldung wieder. Deaktiviere sie, damit das nicht geschieht.`,
  deactivate: 'Deaktivieren',
  activate: 'Aktivieren',
  handOver: 'Zum Inhaber machen',
  handOverTitle: (tenant, who) => `${tenant} an ${who} übergeben?`,
  handOverLead: 'Die Person wird Inhaber, und Sie werden Admin. Nur sie kann das zurückgeben.',
  invite: 'Einladen',
  invited: (email) => `Eine Einladung ging an ${email}.`,
  openInvitations: 'Eingeladen',
  expired: 'Abgelaufen',
  sendAgain: 'Noch einmal senden',
}

export default de
