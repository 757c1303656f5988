import { SaxesParser, type SaxesTagNS } from 'saxes'
import { IdpFault } from './fault.ts'

export const metadataSpace = 'urn:oasis:names:tc:SAML:2.0:metadata'
export const signatureSpace = 'http://www.w3.org/2000/09/xmldsig#'
const maxDepth = 40
const maxElements = 20_000
const maxAttributes = 100
/** Taking comments out of a tree costs the square of their number: 20,000 took eight seconds. */
const maxRemarks = 500

export interface XmlReader {
  open(tag: SaxesTagNS): void
  text(text: string): void
  close(): void
}

/**
 * Reads XML as a stream, without building a tree. It refuses a document type, and so every XML entity: nothing is
 * expanded and no external reference is followed. Throws IdpFault, and whatever the reader throws.
 */
export function walkXml(xml: string, reader: XmlReader): void {
  const parser = new SaxesParser({ xmlns: true })
  let depth = 0
  let elements = 0
  let remarks = 0
  const remark = () => {
    remarks += 1
    if (remarks > maxRemarks) throw new IdpFault('The metadata has too many comments.')
  }
  // An error that a handler throws ends the parse at once.
  parser.on('doctype', refuseDoctype)
  parser.on('error', (error) => {
    throw new IdpFault(`The metadata is not well-formed XML: ${error.message.slice(0, 200)}`)
  })
  parser.on('opentag', (tag) => {
    depth += 1
    elements += 1
    if (depth > maxDepth || elements > maxElements)
      throw new IdpFault('The metadata is nested too deeply, or has too many elements.')
    if (Object.keys(tag.attributes).length > maxAttributes)
      throw new IdpFault('An element of the metadata has too many attributes.')
    reader.open(tag)
  })
  parser.on('comment', remark)
  parser.on('processinginstruction', remark)
  parser.on('text', (text) => reader.text(text))
  parser.on('cdata', (text) => reader.text(text))
  parser.on('closetag', () => {
    depth -= 1
    reader.close()
  })
  // The parser would collect a whole document type before it reports it, so look for one before parsing.
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) refuseDoctype()
  parser.write(xml.replace(/^\ufeff/, '')).close()
}

function refuseDoctype(): never {
  throw new IdpFault('The metadata has a document type (DOCTYPE), which is not accepted.')
}
