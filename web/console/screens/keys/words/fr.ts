import type en from './en.ts'

const fr: typeof en = {
  keysLead:
    'Avec une clé, un programme agit pour ce cabinet. Il peut ce que disent ses droits, et rien d’autre.',
  keysNotSeen: 'Seuls les admins et les propriétaires voient les clés d’API.',
  noKeys: 'Il n’y a pas encore de clé.',
  newKey: 'Nouvelle clé',
  keyName: 'Nom',
  keyNameHint: 'Pour que l’on sache où elle est utilisée.',
  scopes: 'Ce qu’elle peut faire',
  makeKey: 'Créer la clé',
  lastUsed: (day) => `utilisée le ${day} pour la dernière fois`,
  neverUsed: 'jamais utilisée',
  expires: (day) => `se termine le ${day}`,
  rotate: 'Remplacer',
  revoked: 'Révoquée',
  revokeTitle: (name) => `Révoquer ${name} ?`,
  revokeLead: 'Les programmes qui l’utilisent sont refusés dès maintenant. Cela ne peut pas être annulé.',
  secretTitle: 'Votre nouvelle clé',
  secretLead:
    'Copiez-la maintenant. Elle n’est montrée que cette fois. Une clé qu’elle remplace fonctionne encore un jour.',
}

export default fr
