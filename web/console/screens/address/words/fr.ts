import type en from './en.ts'

const fr: typeof en = {
  addressNotManaged: 'Seuls les admins et les propriétaires changent les adresses et les domaines.',
  page: 'Votre page',
  pageOff: 'La page est désactivée. Les visiteurs ne voient rien à ces adresses.',
  noPage: 'La page n’a pas encore d’adresse. Ajoutez un domaine.',
  copyAddress: 'Copier l’adresse',
  alsoAt: 'Aussi à',

  slug: 'Identifiant',
  slugLabel: 'Identifiant de ce cabinet',
  slugHint:
    'De 3 à 40 caractères : a à z, chiffres et traits d’union. Il fait partie de l’adresse de la page.',
  changeSlug: 'Changer l’identifiant',
  slugTitle: (from, to) => `Changer ${from} en ${to} ?`,
  slugLead: (from) =>
    `La page et cette console passent à la nouvelle adresse. ${from} y mène pendant 90 jours et n’est donné à personne d’autre. On peut abandonner cinq identifiants au plus en 90 jours.`,

  domains: 'Vos propres domaines',
  domainsLead:
    'Un domaine montre votre page dès que deux enregistrements chez votre fournisseur de DNS mènent ici.',
  newDomain: 'Nouveau domaine',
  host: 'Domaine',
  hostHint: 'Par exemple quiz.example.com, sans https://. Le même avec www. est inclus.',
  addDomain: 'Ajouter le domaine',
  domainStatus: {
    pending: 'Attend son enregistrement',
    verified: 'Vérifié',
    failed: 'Perdu : son enregistrement manque',
  },
  primary: 'principal',
  overPlan: 'Désactivé : l’offre n’a pas de place pour lui',
  missingSince: (day) =>
    `Son enregistrement manque depuis le ${day}. Après trois jours, le domaine est perdu.`,
  records: 'Enregistrements pour votre fournisseur de DNS',
  recordProof: '1. Il prouve que le domaine est à vous',
  recordAddress: '2. Il mène les visiteurs à votre page',
  recordType: 'Type',
  recordName: 'Nom',
  recordValue: 'Valeur',
  copyName: 'Copier le nom',
  copyValue: 'Copier la valeur',
  apex: 'Un domaine sans partie devant, comme example.com, ne peut pas avoir de CNAME. Votre fournisseur l’appelle alors ALIAS, ANAME ou flattening.',
  noTarget: 'Demandez à l’exploitant de cette plateforme où doit mener le second enregistrement, un CNAME.',
  checkNow: 'Vérifier maintenant',
  makePrimary: 'En faire le principal',
  removeDomain: 'Retirer',
  removeDomainTitle: (host) => `Retirer ${host} ?`,
  removeDomainLead:
    'Il ne montre plus votre page, tout de suite. Qui d’autre prouve le domaine peut alors l’utiliser.',
}

export default fr
