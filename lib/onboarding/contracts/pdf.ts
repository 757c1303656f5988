import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import pdfmakeModule from 'pdfmake'
import { type Block, fillIn } from './template.ts'

/** What a PDF is made of. The same values give the same bytes. */
export interface ContractToRender {
  body: string
  details: Record<string, string>
  template_version: string
  ref_id: string
  created_at: Date
}

/** What is used of pdfmake. */
interface Pdfmake {
  createPdf(definition: object): { getBuffer(): Promise<Uint8Array> }
  setFonts(fonts: Record<string, { normal: string; bold: string }>): void
  setUrlAccessPolicy(mayFetch: (url: string) => boolean): void
  setLocalAccessPolicy(mayRead: (path: string) => boolean): void
  virtualfs: { writeFileSync(name: string, bytes: Buffer): void }
}

const margins: Record<Block['kind'], [number, number, number, number]> = {
  title: [0, 0, 0, 16],
  heading: [0, 12, 0, 6],
  paragraph: [0, 0, 0, 8],
  item: [12, 0, 0, 4],
}

/** Makes the PDF of a contract, in a font that has Latin letters and those of Devanagari. */
export async function renderContract(
  contract: ContractToRender,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const pdfmake = await loadPdfmake()
  const { body, details, template_version, ref_id, created_at } = contract
  const content = fillIn(body, details).map(({ kind, runs }) => ({
    text: [
      ...(kind === 'item' ? [{ text: '•  ' }] : []),
      ...runs.map(({ text, isBold }) => ({ text, bold: isBold || kind === 'title' || kind === 'heading' })),
    ],
    fontSize: kind === 'title' ? 20 : kind === 'heading' ? 13 : 10.5,
    margin: margins[kind],
  }))
  const definition = {
    pageSize: 'A4',
    pageMargins: [56, 56, 56, 64],
    // Compressed, the same words would be other bytes in another runtime.
    compress: false,
    info: { title: `Contract ${ref_id}`, creationDate: created_at },
    content,
    defaultStyle: { font: 'Noto', lineHeight: 1.25 },
    footer: (page: number, pages: number) => ({
      text: `${ref_id} · ${template_version} · ${page}/${pages}`,
      fontSize: 8,
      alignment: 'center',
      margin: [0, 24, 0, 0],
    }),
  }
  const bytes = await pdfmake.createPdf(definition).getBuffer()
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

let loaded: Promise<Pdfmake> | undefined

/** Its fonts are large, and only for who makes a PDF. */
function loadPdfmake(): Promise<Pdfmake> {
  loaded ??= prepare()
  return loaded
}

async function prepare(): Promise<Pdfmake> {
  const [regular, bold] = await Promise.all([import('./fonts/regular.ts'), import('./fonts/bold.ts')])
  const pdfmake = pdfmakeModule as unknown as Pdfmake
  pdfmake.virtualfs.writeFileSync('regular.ttf', Buffer.from(regular.default, 'base64'))
  pdfmake.virtualfs.writeFileSync('bold.ttf', Buffer.from(bold.default, 'base64'))
  pdfmake.setFonts({ Noto: { normal: 'regular.ttf', bold: 'bold.ttf' } })
  // A contract fetches nothing, and reads no file but its fonts.
  pdfmake.setUrlAccessPolicy(() => false)
  pdfmake.setLocalAccessPolicy((path) => path === 'regular.ttf' || path === 'bold.ttf')
  return pdfmake
}
