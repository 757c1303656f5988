import type en from './en.ts'

const fr: typeof en = {
  operate: 'Gérer la plateforme',
  noTenants: 'Vous n’appartenez encore à aucun cabinet. Demandez une invitation.',
  noMember: {
    provider_not_bound: 'La connexion de votre entreprise n’est plus reliée à un cabinet.',
    rule_off:
      'La connexion de votre entreprise ne rend personne membre d’elle-même. Demandez une invitation.',
    domain_not_verified:
      'Votre adresse n’appartient à aucun domaine que votre entreprise a vérifié ici. Demandez à qui gère le cabinet.',
    no_group:
      'Vous n’êtes dans aucun des groupes qui peuvent utiliser le cabinet. Demandez à qui les gère dans votre entreprise.',
    membership_deactivated: 'Une personne qui gère le cabinet a désactivé votre accès.',
    limit_reached: 'Le cabinet n’a plus de place pour un membre. Demandez à qui le gère.',
    provider_not_verified:
      'La connexion de votre entreprise doit être vérifiée de nouveau. Demandez à qui gère le cabinet.',
    certificate_expired:
      'Le certificat de la connexion de votre entreprise a expiré. Demandez à qui gère le cabinet.',
    feature_not_in_plan: 'L’offre du cabinet n’a plus de connexion d’entreprise. Demandez à qui le gère.',
    tenant_frozen: 'Le cabinet est gelé, et personne ne peut le rejoindre. Demandez à qui le gère.',
    trial_ended: 'L’essai du cabinet est terminé, et personne ne peut le rejoindre. Demandez à qui le gère.',
  },
  newTenant: 'Nouveau cabinet',
  newTenantLead: 'L’essai est gratuit. Le cabinet est à vous.',
  tenantName: 'Nom',
  slug: 'Nom court',
  slugHint: 'L’adresse de votre page commence par lui : minuscules, chiffres et traits d’union.',
  makeTenant: 'Créer le cabinet',
}

export default fr
