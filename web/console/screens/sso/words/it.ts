import type en from './en.ts'

const it: typeof en = {
  ssoRoomLead:
    'Le persone della tua azienda accedono presso il suo fornitore. Nessuno vi è portato prima che sia stato interrogato e abbia risposto bene.',
  ssoNotSeen: 'Solo gli admin e i titolari vedono questo.',
  notInPlan: (plan) => `Il tuo piano non ha l’accesso aziendale. Il piano «${plan}» lo ha.`,
  notSet: 'Non è impostato.',
  checkNow: 'Controlla ora',
  edit: 'Cambia le impostazioni',
  removeProvider: 'Togli',
  removeTitle: (kind) => `Togliere ${kind}?`,
  removeLead:
    'Nessuno è più portato a questo fornitore, da subito. Si accede con password o codice. Il suo segreto viene cancellato.',
  atProvider: 'Da inserire presso il fornitore',
  copyOf: (name) => `Copia: ${name}`,
  verified: 'Verificato',
  failed: 'L’ultimo controllo ha trovato un errore',
  notChecked: 'Non ancora controllato',
  issuer: 'Emittente',
  issuerHint:
    'Esattamente come lo scrive il fornitore, con https://. Lì si trova il suo documento di discovery.',
  clientId: 'ID client',
  clientSecret: 'Segreto client',
  secretHint: 'Viene conservato cifrato e non è più mostrato.',
  secretKept: 'Ce n’è uno. Lascia vuoto per tenerlo.',
  kept: 'conservato, mai mostrato',
  scopes: 'Altri scope',
  scopesHint: 'Oltre a openid, separati da spazi.',
  metadataBy: 'Metadati',
  byUrl: 'Da un indirizzo',
  byXml: 'Come testo',
  metadataUrl: 'Indirizzo dei metadati',
  metadataXml: 'Metadati in XML',
  entityId: 'Entity ID',
  entityHint: 'Solo se i metadati descrivono più fornitori.',
  certificate: (n) => `Certificato ${n}`,
  ends: (day) => `fino al ${day}`,
  lastCertificate: 'L’ultimo finisce',
  emailDomains: 'Indirizzi che accedono qui',
  noDomains: 'ancora nessuno: verifica un dominio in «Indirizzo»',
  bound: 'Le persone con questi indirizzi accedono qui.',
  notBound: 'Funziona. Il gestore di questa piattaforma deve ancora collegarlo all’accesso. Chiedilo.',
  settingsOf: (kind) => `Impostazioni di ${kind}`,
  kinds: { oidc: 'OpenID Connect', saml: 'SAML' },
  atProviderNames: {
    redirect_uri: 'URI di reindirizzamento',
    acs_url: 'URL ACS',
    entity_id: 'Entity ID di questa piattaforma',
    metadata_url: 'Metadati di questa piattaforma',
  },
}

export default it
