import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ContractToRender, renderContract } from '../../../lib/onboarding/contracts/pdf.ts'
import { fillIn, readTemplate } from '../../../lib/onboarding/contracts/template.ts'
import { admin, rolledBack } from '../../kit/db.ts'
import { runInDeno } from '../../kit/run-in-deno.ts'

const file = readTemplate(readFileSync('contracts/master-contract.md', 'utf8'))!
const details = {
  legal_name: 'नीम वृक्ष स्टूडियो प्राइवेट लिमिटेड',
  brand_name: 'Neem Tree & Söhne',
  address: '12 Hill Road, 400050 Mumbai, Maharashtra',
  country: 'IN',
  state: 'Maharashtra',
  pan_number: 'AAPFU0939F',
  gst_number: '27AAPFU0939F1ZV',
  plan: 'Professional',
  price: 'CHF 149.00',
  made_on: '2026-11-22',
  reference: '01JD3N8Q4ZB6T2V9XK5M7R0C1E',
}
const contract: ContractToRender = {
  body: file.body,
  details,
  template_version: 'v1.0',
  ref_id: details.reference,
  created_at: new Date('2026-11-22T09:30:00Z'),
}

describe('the template', () => {
  it('is in the database as it stands in the file', async () => {
    const { rows } = await admin.query(`select body from private.contract_templates where version = $1`, [
      file.version,
    ])
    expect(rows).toEqual([{ body: file.body }])
  })

  it.each(['', '# No front matter', '---\nname: x\n---\ntext', '---\nversion: v1\n---\n'])(
    'has a version: %j has none',
    (markdown) => {
      expect(readTemplate(markdown)).toBeNull()
    },
  )

  it.each([
    ['a placeholder that is none', '{{legal_name}} {{reference}} {{password}}', 'PT422'],
    ['a brace that stands alone', '{{legal_name}} {{reference}} {', 'PT422'],
    ['a company that is not named', '{{reference}}', 'PT422'],
    ['too many words', `{{legal_name}} {{reference}} ${'x'.repeat(100_001)}`, 'PT422'],
  ])('is not published with %s', async (_what, body, code) => {
    await rolledBack(admin, async (db) => {
      await expect(
        db.query(`select private.publish_contract_template('v7.7', $1)`, [body]),
      ).rejects.toMatchObject({
        code,
      })
    })
  })

  it('never changes once it is published', async () => {
    const other = 'Other words for {{legal_name}}, {{reference}}.'
    await rolledBack(admin, async (db) => {
      await expect(
        db.query('select private.publish_contract_template($1, $2)', [file.version, other]),
      ).rejects.toMatchObject({ code: 'PT409', message: 'conflict' })
    })
    for (const change of [
      `update private.contract_templates set body = 'x'`,
      'delete from private.contract_templates',
    ])
      await rolledBack(admin, async (db) => {
        await expect(db.query(change)).rejects.toThrow(/append-only/)
      })
  })
})

describe('what a company is called', () => {
  it('is text, whatever it looks like', () => {
    const blocks = fillIn('**{{legal_name}}**\n\n{{brand_name}}', {
      legal_name: '# x ** {{brand_name}}',
      brand_name: '- **bold**',
    })
    expect(blocks).toEqual([
      { kind: 'paragraph', runs: [{ text: '# x ** {{brand_name}}', isBold: true }] },
      { kind: 'paragraph', runs: [{ text: '- **bold**', isBold: false }] },
    ])
  })

  it('must be known', () => {
    for (const name of ['legal_name', 'toString', '__proto__'])
      expect(() => fillIn(`{{${name}}}`, {})).toThrow(`needs ${name}`)
  })
})

describe('the PDF', () => {
  it('is the same to the byte, however often it is made, and in both runtimes', {
    timeout: 60_000,
  }, async () => {
    const { bytes, sha256 } = await renderContract(contract)
    expect(Buffer.from(bytes.slice(0, 5)).toString()).toBe('%PDF-')
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect((await renderContract(contract)).sha256).toBe(sha256)
    const script = `
      import { renderContract } from '${new URL('../../../lib/onboarding/contracts/pdf.ts', import.meta.url).href}'
      const contract = ${JSON.stringify(contract)}
      console.log((await renderContract({ ...contract, created_at: new Date(contract.created_at) })).sha256)`
    expect(await runInDeno(script)).toBe(sha256)
  })

  it('is another one for other words', async () => {
    const other = await renderContract({ ...contract, details: { ...details, plan: 'Starter' } })
    expect(other.sha256).not.toBe((await renderContract(contract)).sha256)
  })

  it.each([
    ['regular', '400Regular'],
    ['bold', '700Bold'],
  ])('has the font %s as it is published', async (name, published) => {
    const { default: text } = await import(`../../../lib/onboarding/contracts/fonts/${name}.ts`)
    const file = `node_modules/@expo-google-fonts/noto-sans-devanagari/${published}/NotoSansDevanagari_${published}.ttf`
    expect(Buffer.from(text, 'base64').equals(readFileSync(file))).toBe(true)
  })

  it('has every letter of the company in its font', async () => {
    // A letter that a font does not have is the glyph 0, which a PDF writes as 0000.
    const render = async (legal_name: string) =>
      Buffer.from(
        (await renderContract({ ...contract, details: { ...details, legal_name } })).bytes,
      ).toString('latin1')
    expect(await render(details.legal_name)).toContain('NotoSansDevanagari')
  })
})
