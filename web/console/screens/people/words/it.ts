import type en from './en.ts'

const it: typeof en = {
  peopleNotManaged: 'Solo gli admin e i titolari invitano e cambiano i ruoli.',
  members: 'Membri',
  memberStatus: { deactivated: 'Disattivato', switched_off: 'Il piano non ha posto' },
  roleOf: (who) => `Ruolo di ${who}`,
  roleLabel: 'Ruolo',
  remove: 'Rimuovi',
  leave: 'Lascia',
  removeTitle: (who) => `Rimuovere ${who}?`,
  leaveTitle: (tenant) => `Lasciare ${tenant}?`,
  removeLead: 'L’accesso finisce subito. Un nuovo invito lo restituisce.',
  joinedBy: (provider) => `Per la regola di ${provider}`,
  provider: { oidc: 'OpenID Connect', saml: 'SAML' },
  removeLeadByRule: (provider) =>
    `L’accesso finisce subito. L’appartenenza viene dalla regola di ${provider} e torna al prossimo accesso. Disattivala per impedirlo.`,
  deactivate: 'Disattiva',
  activate: 'Attiva',
  handOver: 'Rendi titolare',
  handOverTitle: (tenant, who) => `Consegnare ${tenant} a ${who}?`,
  handOverLead: 'Questa persona diventa titolare, e tu admin. Solo lei può restituirlo.',
  invite: 'Invita',
  invited: (email) => `Un invito è stato inviato a ${email}.`,
  openInvitations: 'Invitati',
  expired: 'Scaduto',
  sendAgain: 'Invia di nuovo',
}

export default it
