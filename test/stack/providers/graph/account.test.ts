import { describe, expect, it } from 'vitest'
import { startCallback, verifyToken } from './callback-server.ts'
import { openScene, text } from './scene.ts'

const scene = openScene()
const past = new Date(Date.now() - 60_000).toISOString()
const codeOf = ({ status, json }: { status: number; json: { error?: { code: number } } }) => [
  status,
  json.error?.code,
]

describe('a token', () => {
  const paths = () => {
    const { phone_number_id, waba_id } = scene.number
    return [
      phone_number_id,
      `${waba_id}/phone_numbers`,
      `${waba_id}/subscribed_apps`,
      `debug_token?input_token=x`,
    ]
  }
  it.each<[string, () => string | null]>([
    ['that there is not', () => 'EAAnothing'],
    ['of nobody', () => null],
    ['that is cut', () => scene.number.token.slice(0, -1)],
  ])('%s is refused with 190', async (_what, token) => {
    for (const path of paths())
      expect(codeOf(await scene.graph(path, { token: token() })), path).toEqual([401, 190])
    expect(codeOf(await scene.send(text('x'), { token: token() }))).toEqual([401, 190])
  })
  it('that has expired is refused with 190', async () => {
    scene.number.token_expires_at = past
    for (const path of paths()) expect(codeOf(await scene.graph(path)), path).toEqual([401, 190])
    expect((await scene.send(text('x'))).json.error).toMatchObject({ code: 190, error_subcode: 463 })
  })
  it('of another number opens nothing, and nobody learns what there is', async () => {
    const { token } = await scene.makeNumber()
    for (const path of [...paths().slice(0, 3), '123456']) {
      const { json } = await scene.graph(path, { token })
      expect(json.error, path).toMatchObject({ code: 100, error_subcode: 33, type: 'GraphMethodException' })
      expect(json.error.message).toContain(`Object with ID '${path.split('/')[0]}' does not exist`)
    }
    expect((await scene.send(text('x'), { token })).json.error.error_subcode).toBe(33)
  })
  it('without the permission is refused with 10', async () => {
    scene.number.scopes = ['whatsapp_business_management']
    expect(codeOf(await scene.send(text('x')))).toEqual([403, 10])
    scene.number.scopes = ['whatsapp_business_messaging']
    expect(codeOf(await scene.graph(scene.number.phone_number_id))).toEqual([403, 10])
  })
  it('may stand in the query', async () => {
    const { phone_number_id, token } = scene.number
    const { status } = await scene.graph(`${phone_number_id}?access_token=${token}`, { token: null })
    expect(status).toBe(200)
  })
})

describe('what a token is worth', () => {
  const ask = (input: string, token?: string) =>
    scene.graph(`debug_token?input_token=${encodeURIComponent(input)}`, token === undefined ? {} : { token })

  it('says whose it is, what it may and until when', async () => {
    const expires = new Date(Date.now() + 3_600_000)
    scene.number.token_expires_at = expires.toISOString()
    const { json } = await ask(scene.number.token)
    expect(json.data).toMatchObject({
      app_id: scene.number.app_id,
      is_valid: true,
      expires_at: Math.floor(expires.getTime() / 1000),
      scopes: ['whatsapp_business_management', 'whatsapp_business_messaging'],
      granular_scopes: [{ target_ids: [scene.number.waba_id] }, {}],
    })
    scene.number.token_expires_at = null
    expect((await ask(scene.number.token)).json.data.expires_at).toBe(0)
  })
  it('is told to its app, also when it has expired', async () => {
    scene.number.token_expires_at = past
    const { app_id, app_secret } = scene.number
    const { json } = await ask(scene.number.token, `${app_id}|${app_secret}`)
    expect(json.data).toMatchObject({ is_valid: false, error: { code: 190, subcode: 463 } })
  })
  it('is nothing for a token that there is not', async () => {
    expect((await ask('EAAnothing')).json.data).toMatchObject({ is_valid: false, error: { code: 190 } })
  })
  it('is told to no other app, and not to a wrong secret', async () => {
    const other = await scene.makeNumber()
    expect(codeOf(await ask(scene.number.token, other.token))).toEqual([400, 100])
    expect(codeOf(await ask(scene.number.token, `${scene.number.app_id}|wrong`))).toEqual([401, 190])
    expect(codeOf(await scene.graph('debug_token'))).toEqual([400, 100])
  })
})

describe('a number', () => {
  it('tells the fields that are asked for, and its usual ones', async () => {
    const { phone_number_id, display_phone_number, verified_name } = scene.number
    const asked = await scene.graph(`${phone_number_id}?fields=display_phone_number,quality_rating`)
    expect(asked.json).toEqual({ display_phone_number, quality_rating: 'GREEN', id: phone_number_id })
    expect((await scene.graph(phone_number_id)).json).toMatchObject({
      verified_name,
      code_verification_status: 'VERIFIED',
    })
  })
  it.each(['nothing', 'constructor'])('has no field "%s"', async (field) => {
    const answer = await scene.graph(`${scene.number.phone_number_id}?fields=${field}`)
    expect(codeOf(answer)).toEqual([400, 100])
  })
  it('stands in the list of its account, and no other does', async () => {
    await scene.makeNumber()
    const { json } = await scene.graph(`${scene.number.waba_id}/phone_numbers`)
    expect(json.data).toMatchObject([{ id: scene.number.phone_number_id }])
  })
  it('is asked for by any version, and by none', async () => {
    const headers = { authorization: `Bearer ${scene.number.token}` }
    for (const version of ['/v18.0', '/v25.0', ''])
      expect(
        (await fetch(`${scene.server.url}${version}/${scene.number.phone_number_id}`, { headers })).status,
      ).toBe(200)
    const { status } = await fetch(`${scene.server.url}/vx/y/z`, { headers })
    expect(status).toBe(404)
  })
})

describe('a subscription', () => {
  const path = () => `${scene.number.waba_id}/subscribed_apps`
  it('is listed, ended and begun', async () => {
    const app = { whatsapp_business_api_data: { id: scene.number.app_id } }
    expect((await scene.graph(path())).json.data).toMatchObject([app])
    expect((await scene.graph(path(), { method: 'DELETE' })).json).toEqual({ success: true })
    expect((await scene.graph(path())).json.data).toEqual([])
    expect((await scene.graph(path(), { method: 'POST' })).json).toEqual({ success: true })
    expect((await scene.graph(path())).json.data).toMatchObject([app])
  })
  it('names another callback, which is asked first', async () => {
    const other = await startCallback()
    const body = { override_callback_uri: other.url, verify_token: verifyToken }
    expect((await scene.graph(path(), { method: 'POST', body })).status).toBe(200)
    expect(other.asked).toHaveLength(1)
    expect(scene.number.callback_url).toBe(other.url)
    const wrong = { ...body, override_callback_uri: scene.callback.url, verify_token: 'wrong' }
    expect(codeOf(await scene.graph(path(), { method: 'POST', body: wrong }))).toEqual([400, 2200])
    expect(scene.number.callback_url).toBe(other.url)
    await other.stop()
  })
})

describe('a file', () => {
  const png = new File([new Uint8Array([137, 80, 78, 71])], 'a.png', { type: 'image/png' })
  const upload = (change: Record<string, string | Blob> = {}) => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ messaging_product: 'whatsapp', file: png, ...change }))
      if (value !== '') form.set(name, value)
    return scene.graph(`${scene.number.phone_number_id}/media`, { method: 'POST', body: form })
  }
  const fetchFile = (url: string, token: string | null = scene.number.token) =>
    fetch(url, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })

  it('is uploaded, described, and fetched with the token', async () => {
    const { id } = (await upload()).json
    const { json } = await scene.graph(id)
    expect(json).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/whatsapp_business\/attachments\/\?/),
      mime_type: 'image/png',
      sha256: '0f4636c78f65d3639ece5a064b5ae753e3408614a14fb18ab4d7540d2c248543',
      file_size: 4,
      id,
      messaging_product: 'whatsapp',
    })
    const file = await fetchFile(json.url)
    expect([file.headers.get('content-type'), (await file.arrayBuffer()).byteLength]).toEqual([
      'image/png',
      4,
    ])
  })
  it('is not fetched without the token, after five minutes, or by an address that was changed', async () => {
    const { id } = (await upload()).json
    const { url } = (await scene.graph(id)).json as { url: string }
    const other = await scene.makeNumber()
    const old = new URL(url)
    old.searchParams.set('ext', String(Number(old.searchParams.get('ext')) - 301))
    const answers = [
      await fetchFile(url, null),
      await fetchFile(url, 'EAAnothing'),
      await fetchFile(url, other.token),
      await fetchFile(old.href),
      await fetchFile(url.replace(id, '1234567890123456')),
    ]
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 404, 404, 404])
    expect((await scene.graph(id, { token: other.token })).json.error.error_subcode).toBe(33)
  })
  it('dies five minutes after its address was asked for', async () => {
    const { isLinkGood, signLink } = await import('../../../../stack/providers/graph/media.ts')
    const minutesAgo = (minutes: number) => signLink('1', 'secret', Date.now() - minutes * 60_000)
    expect([4, 6].map((minutes) => isLinkGood(minutesAgo(minutes), 'secret'))).toEqual([true, false])
    expect(isLinkGood(minutesAgo(0), 'another secret')).toBe(false)
  })
  it('is sent, if it is what it is sent as', async () => {
    const { id } = (await upload()).json
    const video = (await upload({ type: 'video/mp4' })).json.id
    expect((await scene.send({ type: 'image', image: { id, caption: 'A' } })).status).toBe(200)
    expect((await scene.send({ type: 'document', document: { id: video, filename: 'a.mp4' } })).status).toBe(
      200,
    )
    expect(codeOf(await scene.send({ type: 'image', image: { id: video } }))).toEqual([400, 131_053])
  })
  it('of another number is not sent', async () => {
    const { id } = (await upload()).json
    const { phone_number_id, token } = await scene.makeNumber()
    const body = { messaging_product: 'whatsapp', to: '12025550142', type: 'image', image: { id } }
    const answer = await scene.graph(`${phone_number_id}/messages`, { method: 'POST', body, token })
    expect(codeOf(answer)).toEqual([400, 100])
  })
  it.each<[string, Record<string, string | Blob>]>([
    ['without a product', { messaging_product: '' }],
    ['without a file', { file: '' }],
    ['with a word for a file', { file: 'a.png' }],
    ['without a type', { file: new Blob(['x']) }],
  ])('%s is refused', async (_what, change) => expect(codeOf(await upload(change))).toEqual([400, 100]))
})
