const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

/** What a document may be. None of these runs anything when it is opened in a browser, as HTML or SVG would. */
export const documentTypes = [
  'application/pdf',
  'image/png',
  'image/jpeg',
  'image/webp',
  'text/plain',
  docx,
] as const
export type DocumentType = (typeof documentTypes)[number]

const isOf: Record<DocumentType, (bytes: Uint8Array) => boolean> = {
  'application/pdf': (bytes) => begins(bytes, '%PDF-'),
  'image/png': (bytes) => begins(bytes, '\x89PNG\r\n\x1a\n') && begins(bytes.subarray(12), 'IHDR'),
  'image/jpeg': (bytes) => begins(bytes, '\xff\xd8\xff'),
  'image/webp': (bytes) => begins(bytes, 'RIFF') && begins(bytes.subarray(8), 'WEBPVP8'),
  'text/plain': isText,
  [docx]: (bytes) => {
    const names = namesInZip(bytes)
    return names.has('[Content_Types].xml') && names.has('word/document.xml')
  },
}

/** Whether these bytes are a file of this type, by what stands in them and not by what somebody says. */
export const isDocumentOf = (type: DocumentType, bytes: Uint8Array): boolean => isOf[type](bytes)

const begins = (bytes: Uint8Array, start: string) =>
  bytes.length >= start.length && [...start].every((letter, at) => bytes[at] === letter.charCodeAt(0))

/** UTF-8 without control characters other than those of lines, pages and tabs. */
function isText(bytes: Uint8Array): boolean {
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no text has
    return !/[\0-\x08\x0b\x0e-\x1f\x7f]/.test(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return false
  }
}

/**
 * The names in the directory of a zip. It stands at the end, so a file that was cut off has none. Empty for what is no zip.
 * APPNOTE.TXT of PKWARE, 4.3.12 and 4.3.16.
 */
function namesInZip(bytes: Uint8Array): Set<string> {
  const names = new Set<string>()
  if (!begins(bytes, 'PK\x03\x04')) return names
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Behind the last record there may be a comment of 65,535 bytes.
  let end = bytes.length - 22
  while (end >= 0 && end > bytes.length - 65_558 && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) return names
  let at = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left > 0 && at + 46 <= end; left--) {
    if (view.getUint32(at, true) !== 0x02014b50) break
    const length = view.getUint16(at + 28, true)
    names.add(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length)))
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return names
}
