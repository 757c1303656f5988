import type en from './en.ts'

const fr: typeof en = {
  ssoRoomLead:
    'Les personnes de votre entreprise se connectent chez son propre fournisseur. Personne n’y est mené avant qu’il ait été interrogé et ait bien répondu.',
  ssoNotSeen: 'Seuls les admins et les propriétaires voient ceci.',
  notInPlan: (plan) => `Votre offre n’a pas la connexion d’entreprise. L’offre « ${plan} » l’a.`,
  notSet: 'Ce n’est pas configuré.',
  checkNow: 'Vérifier maintenant',
  edit: 'Changer les réglages',
  removeProvider: 'Retirer',
  removeTitle: (kind) => `Retirer ${kind} ?`,
  removeLead:
    'Personne n’est plus mené à ce fournisseur, dès maintenant. On se connecte avec un mot de passe ou un code. Son secret est effacé.',
  atProvider: 'À saisir chez le fournisseur',
  copyOf: (name) => `Copier : ${name}`,
  verified: 'Vérifié',
  failed: 'La dernière vérification a trouvé un défaut',
  notChecked: 'Pas encore vérifié',
  issuer: 'Émetteur',
  issuerHint:
    'Exactement comme le fournisseur l’écrit, avec https://. Son document de découverte s’y trouve.',
  clientId: 'ID client',
  clientSecret: 'Secret client',
  secretHint: 'Il est stocké chiffré et n’est plus jamais montré.',
  secretKept: 'Il y en a un. Laissez ceci vide pour le garder.',
  kept: 'gardé, jamais montré',
  scopes: 'Autres scopes',
  scopesHint: 'En plus d’openid, séparés par des espaces.',
  metadataBy: 'Métadonnées',
  byUrl: 'Depuis une adresse',
  byXml: 'En texte',
  metadataUrl: 'Adresse des métadonnées',
  metadataXml: 'Métadonnées en XML',
  entityId: 'Entity ID',
  entityHint: 'Seulement si les métadonnées décrivent plusieurs fournisseurs.',
  certificate: (n) => `Certificat ${n}`,
  ends: (day) => `jusqu’au ${day}`,
  lastCertificate: 'Le dernier se termine',
  emailDomains: 'Adresses qui se connectent ici',
  noDomains: 'aucune pour l’instant : vérifiez un domaine sous « Adresse »',
  bound: 'Les personnes avec ces adresses se connectent ici.',
  notBound:
    'Cela fonctionne. L’exploitant de cette plateforme doit encore le relier à la connexion. Demandez-le.',
  settingsOf: (kind) => `Réglages de ${kind}`,
  kinds: { oidc: 'OpenID Connect', saml: 'SAML' },
  atProviderNames: {
    redirect_uri: 'URI de redirection',
    acs_url: 'URL ACS',
    entity_id: 'Entity ID de cette plateforme',
    metadata_url: 'Métadonnées de cette plateforme',
  },
}

export default fr
