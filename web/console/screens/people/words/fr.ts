import type en from './en.ts'

const fr: typeof en = {
  peopleNotManaged: 'Seuls les admins et les propriétaires invitent et changent les rôles.',
  members: 'Membres',
  memberStatus: { deactivated: 'Désactivé', switched_off: 'Pas de place dans l’offre' },
  roleOf: (who) => `Rôle de ${who}`,
  roleLabel: 'Rôle',
  remove: 'Retirer',
  leave: 'Quitter',
  removeTitle: (who) => `Retirer ${who} ?`,
  leaveTitle: (tenant) => `Quitter ${tenant} ?`,
  removeLead: 'L’accès prend fin tout de suite. Une nouvelle invitation le rend.',
  joinedBy: (provider) => `Par la règle de ${provider}`,
  provider: { oidc: 'OpenID Connect', saml: 'SAML' },
  removeLeadByRule: (provider) =>
    `L’accès prend fin tout de suite. L’adhésion vient de la règle de ${provider} et renaît à la prochaine connexion. Désactivez-la pour l’empêcher.`,
  deactivate: 'Désactiver',
  activate: 'Activer',
  handOver: 'Rendre propriétaire',
  handOverTitle: (tenant, who) => `Remettre ${tenant} à ${who} ?`,
  handOverLead: 'Cette personne devient propriétaire, et vous admin. Elle seule peut le rendre.',
  invite: 'Inviter',
  invited: (email) => `Une invitation a été envoyée à ${email}.`,
  openInvitations: 'Invités',
  expired: 'Expirée',
  sendAgain: 'Renvoyer',
}

export default fr
