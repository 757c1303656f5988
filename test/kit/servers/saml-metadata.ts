/** Metadata of a SAML identity provider, as such providers write it. */
export function samlMetadata(
  certificates: string[],
  {
    entityId = 'https://idp.example/saml',
    location = 'https://idp.example/sso',
    attributes = '',
    keyUse = 'use="signing"',
    binding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
    inside = '',
  } = {},
): string {
  const keys = certificates.map(
    (base64) => `<md:KeyDescriptor ${keyUse}><ds:KeyInfo><ds:X509Data>
      <ds:X509Certificate>\n${base64.replace(/(.{64})/g, '$1\n')}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
  ${entityId === '' ? '' : `entityID="${entityId}"`} ${attributes}>
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    ${keys.join('\n')}${inside}
    <md:SingleSignOnService Binding="${binding}" Location="${location}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>`
}
