import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { ulidOf } from '../../lib/db/index.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { daysFromNow, makeCertificate } from '../kit/servers/certificates.ts'
import { client, startOidcServer } from '../kit/servers/oidc-server.ts'
import { samlMetadata } from '../kit/servers/saml-metadata.ts'
import { signXml } from '../kit/servers/signed-metadata.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { byGroup, makeCompany, setRule, signIn } from '../registry/joining/world.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const at = (rest = '') => `/registry/tenants/${tenant.slug}/identity-providers${rest}`
const read = async (type: string) => (await call(at(`/${type}`), { token: owner.token })).json()
/** Lets the time pass that is between two checks. */
const rest = () =>
  admin.query('update public.tenant_idp_config set check_started_at = null where tenant_id = $1', [tenant.id])

describeInBrowser('company sign-in in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/sso`, person, options)

  it('an OIDC provider is set, checked, corrected and removed; its secret stays where it is', async () => {
    const server = await startOidcServer()
    onTestFinished(() => server.stop())
    const page = await opened()
    const card = page.getByRole('region', { name: 'OpenID Connect' })
    await card.getByText(/\/auth\/v1\/callback$/).waitFor()
    await card.getByLabel('Issuer').fill('http://10.0.0.1/')
    await card.getByLabel('Client ID').fill(client.id)
    await card.getByLabel('Client secret').fill('wrong')
    await card.getByRole('button', { name: 'Save' }).click()
    await card.getByText('must be the https URL of a public server').waitFor()
    await card.getByLabel('Issuer').fill(server.issuer)
    await card.getByRole('button', { name: 'Save' }).click()
    await card.getByText('Not checked yet').waitFor()
    await card.getByRole('button', { name: 'Check now' }).click()
    await card.getByText('The provider does not know this client id with this secret.').waitFor()

    await card.getByRole('button', { name: 'Change the settings' }).click()
    expect(await card.getByLabel('Client secret').inputValue()).toBe('')
    await card.getByLabel('Client secret').fill(client.secret)
    await card.getByRole('button', { name: 'Save' }).click()
    await card.getByText('Not checked yet').waitFor()
    await rest()
    await card.getByRole('button', { name: 'Check now' }).click()
    await card.getByText('Verified', { exact: true }).waitFor()
    await card.getByText(/has to connect it to the sign-in/).waitFor()
    expect(await read('oidc')).toMatchObject({ verified: true })
    expect(await page.content()).not.toContain(client.secret)

    await card.getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: 'Remove OpenID Connect?' })
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await card.getByLabel('Issuer').waitFor()
    expect(await read('oidc')).toMatchObject({ status: 404 })
  })

  it('a SAML provider shows when its certificates end, and what it wrote stays text', async () => {
    const [late, soon] = await Promise.all([
      makeCertificate({ rsaBits: 2048, notAfter: daysFromNow(10) }),
      makeCertificate({ rsaBits: 2048, notAfter: daysFromNow(5) }),
    ])
    const page = await opened()
    const card = page.getByRole('region', { name: 'SAML' })
    await card.getByText(/\/sso\/saml\/acs$/).waitFor()
    await card.getByLabel('Metadata', { exact: true }).selectOption('xml')
    await card.getByLabel('Metadata as XML').fill(samlMetadata([late.base64, soon.base64]))
    await card.getByLabel('Entity ID', { exact: true }).fill(hostile)
    await card.getByRole('button', { name: 'Save' }).click()
    await card.getByText(hostile).waitFor()
    await card.getByRole('button', { name: 'Check now' }).click()
    await card.getByText('The last check found a fault').waitFor()

    await card.getByRole('button', { name: 'Change the settings' }).click()
    await card.getByLabel('Entity ID', { exact: true }).fill('')
    await card.getByRole('button', { name: 'Save' }).click()
    await card.getByText('Not checked yet').waitFor()
    await rest()
    await card.getByRole('button', { name: 'Check now' }).click()
    await card.getByText('Verified', { exact: true }).waitFor()
    await card.getByText('Certificate 2').waitFor()
    await card.getByText('The last certificate expires in 9 days.').waitFor()
    await card.getByText('https://idp.example/saml').waitFor()
  })

  it('a SAML provider says whether its metadata is signed, and by whom it must be', async () => {
    const [rsa, other] = await Promise.all([1, 2].map(() => makeCertificate({ rsaBits: 2048 })))
    const signed = signXml(samlMetadata([rsa!.base64], { attributes: 'ID="_1"' }), rsa!)
    const set = { method: 'PUT', token: owner.token, body: { metadata_xml: signed } } as const
    expect((await call(at('/saml'), set)).status).toBe(200)
    const page = await opened()
    const card = page.getByRole('region', { name: 'SAML' })
    await card.getByRole('button', { name: 'Check now' }).click()
    await card.getByText(/only shows that it was not damaged/).waitFor()
    await look(page)
    for (const [pinned, said] of [
      [hostile, /must be one certificate as PEM or base64/],
      [other!.pem, /signed by another certificate than the pinned one/],
      [rsa!.pem, 'Not checked yet'],
    ] as const) {
      if (pinned === hostile) await card.getByRole('button', { name: 'Change the settings' }).click()
      await card.getByLabel('Certificate that must sign the metadata').fill(pinned)
      await card.getByRole('button', { name: 'Save' }).click()
      await card.getByText(said).waitFor()
    }
    await rest()
    await card.getByRole('button', { name: 'Check now' }).click()
    await card.getByText('By the certificate that you entered.').waitFor()
    await card.getByRole('button', { name: 'Change the settings' }).click()
    expect(await card.getByLabel('Certificate that must sign').inputValue()).toBe(rsa!.pem.trim())
  })

  it('a rule is set by group, read again, and switched off', async () => {
    const set = await call(at('/saml'), {
      ...{ method: 'PUT', token: owner.token },
      body: { metadata_url: 'https://idp.example.com/metadata' },
    })
    expect(set.status).toBe(200)
    const page = await opened()
    const form = page.getByRole('form', { name: 'Who becomes a member by SAML' })
    await form.getByLabel('Becomes a member').selectOption('group')
    await form.getByLabel('Name of the group').fill('coaches')
    await form.getByRole('button', { name: 'Add a group' }).click()
    const second = form.getByRole('group', { name: 'Group 2' })
    await second.getByLabel('Name of the group').fill(hostile)
    await second.getByLabel('Role').selectOption('admin')
    await look(page)
    await form.getByRole('button', { name: 'Save the rule' }).click()
    await form.getByText('The rule is saved.').waitFor()
    const groups = [
      { value: 'coaches', role: 'member' },
      { value: hostile, role: 'admin' },
    ]
    expect(await read('saml')).toMatchObject({ join_rule: { rule: 'group', claim: 'groups', groups } })
    await page.reload()
    expect(await second.getByLabel('Name of the group').inputValue()).toBe(hostile)
    await form.getByLabel('Becomes a member').selectOption('off')
    await form.getByRole('button', { name: 'Save the rule' }).click()
    await form.getByText('The rule is saved.').waitFor()
    expect(await read('saml')).toMatchObject({ join_rule: { rule: 'off', groups: [] } })
  })

  it('a plan without it says which plan has it, and offers no form', async () => {
    tenant = await makeTenant({ owner, plan: 'starter' })
    const page = await opened()
    await page.getByText('Your plan does not have company sign-in. The plan “business” has it.').waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
  })

  it('a member sees that others set it', async () => {
    const member = await makePerson()
    tenant = await makeTenant({ owner, member })
    const page = await opened(member)
    await page.getByText('Only admins and owners see this.').waitFor()
  })

  it('is accessible in light and dark, on a phone too', async () => {
    const set = await call(at('/saml'), {
      ...{ method: 'PUT', token: owner.token },
      body: { metadata_url: `https://idp.example.com/${'long'.repeat(60)}` },
    })
    expect(set.status).toBe(200)
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      const card = page.getByRole('region', { name: 'SAML' })
      await card.getByText(/\/sso\/saml\/acs$/).waitFor()
      await card.getByRole('button', { name: 'Change the settings' }).click()
      await look(page)
      await card.getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })

  it('somebody whom the company signed in, and who is no member, is told why, until the rule covers them', async () => {
    const company = await makeCompany()
    await setRule(company, byGroup(['coaches', 'member']))
    const subject = randomUUID()
    const { id, token } = await signIn(company, ['guests'], { subject })
    const ada = { id, token, email: `ada@${company.host}`, refId: ulidOf(id) }
    const page = await openConsole(browser(), '/', ada, phone)
    await page.getByText('You are in none of the groups that may use the practice.').waitFor()
    await look(page)
    await signIn(company, ['coaches'], { subject })
    await page.reload()
    await page.getByRole('link', { name: company.tenant.slug }).waitFor()
  })
})
