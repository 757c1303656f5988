import type en from './en.ts'

const es: typeof en = {
  ssoRoomLead:
    'Las personas de tu empresa acceden en su propio proveedor. Nadie es llevado allí antes de que se le haya preguntado y haya respondido bien.',
  ssoNotSeen: 'Solo los admins y los propietarios ven esto.',
  notInPlan: (plan) => `Tu plan no tiene acceso de empresa. El plan «${plan}» lo tiene.`,
  notSet: 'No está configurado.',
  checkNow: 'Comprobar ahora',
  edit: 'Cambiar los ajustes',
  removeProvider: 'Quitar',
  removeTitle: (kind) => `¿Quitar ${kind}?`,
  removeLead:
    'Nadie es llevado ya a este proveedor, desde ahora. Se accede con contraseña o código. Su secreto se borra.',
  atProvider: 'Introduce esto en el proveedor',
  copyOf: (name) => `Copiar: ${name}`,
  verified: 'Verificado',
  failed: 'La última comprobación encontró un fallo',
  notChecked: 'Sin comprobar todavía',
  issuer: 'Emisor',
  issuerHint:
    'Exactamente como lo escribe el proveedor, con https://. Allí está su documento de descubrimiento.',
  clientId: 'ID de cliente',
  clientSecret: 'Secreto de cliente',
  secretHint: 'Se guarda cifrado y no se vuelve a mostrar.',
  secretKept: 'Hay uno. Deja esto vacío para conservarlo.',
  kept: 'guardado, nunca mostrado',
  scopes: 'Otros scopes',
  scopesHint: 'Además de openid, separados por espacios.',
  metadataBy: 'Metadatos',
  byUrl: 'Desde una dirección',
  byXml: 'Como texto',
  metadataUrl: 'Dirección de los metadatos',
  metadataXml: 'Metadatos como XML',
  entityId: 'Entity ID',
  entityHint: 'Solo si los metadatos describen varios proveedores.',
  certificate: (n) => `Certificado ${n}`,
  ends: (day) => `hasta el ${day}`,
  lastCertificate: 'El último termina',
  emailDomains: 'Direcciones que acceden aquí',
  noDomains: 'ninguna todavía: verifica un dominio en «Dirección»',
  bound: 'Las personas con estas direcciones acceden aquí.',
  notBound: 'Funciona. Quien opera esta plataforma todavía tiene que conectarlo con el acceso. Pídelo.',
  settingsOf: (kind) => `Ajustes de ${kind}`,
  kinds: { oidc: 'OpenID Connect', saml: 'SAML' },
  atProviderNames: {
    redirect_uri: 'URI de redirección',
    acs_url: 'URL de ACS',
    entity_id: 'Entity ID de esta plataforma',
    metadata_url: 'Metadatos de esta plataforma',
  },
}

export default es
