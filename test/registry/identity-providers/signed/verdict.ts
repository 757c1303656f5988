import { expect } from 'vitest'
import { IdpFault } from '../../../../lib/registry/identity-providers/fault.ts'
import { checkSaml } from '../../../../lib/registry/identity-providers/saml.ts'

export const findings = async (metadata_xml: string, pinned?: string) =>
  (await checkSaml({ metadata_xml, metadata_signing_certificate: pinned })).findings
export const verdictOn = async (xml: string, pinned?: string): Promise<string> => {
  try {
    const { signature, entity_id } = await findings(xml, pinned)
    return `passed: ${entity_id} ${JSON.stringify(signature)}`
  } catch (thrown) {
    if (!(thrown instanceof IdpFault)) throw thrown
    // Without a pinned certificate the fault is the provider's. With one it is as if nobody had answered.
    expect(thrown.isPassing).toBe(pinned !== undefined)
    return thrown.message
  }
}
/** The signature of a document, as signXml() writes it. */
export const signatureOf = (xml: string) => /<Signature .*<\/Signature>/s.exec(xml)![0]
/** A document without its declaration. */
export const innerOf = (xml: string) => xml.slice(xml.indexOf('<md:EntityDescriptor'))
