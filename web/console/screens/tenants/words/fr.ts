import type en from './en.ts'

const fr: typeof en = {
  operate: 'Gérer la plateforme',
  noTenants: 'Vous n’appartenez encore à aucun cabinet. Demandez une invitation.',
  newTenant: 'Nouveau cabinet',
  newTenantLead: 'L’essai est gratuit. Le cabinet est à vous.',
  tenantName: 'Nom',
  slug: 'Nom court',
  slugHint: 'L’adresse de votre page commence par lui : minuscules, chiffres et traits d’union.',
  makeTenant: 'Créer le cabinet',
}

export default fr
