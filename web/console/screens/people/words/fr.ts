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
  invite: 'Inviter',
  invited: (email) => `Une invitation a été envoyée à ${email}.`,
  openInvitations: 'Invités',
  expired: 'Expirée',
  sendAgain: 'Renvoyer',
}

export default fr
