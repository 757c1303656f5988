import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { describe, expect, inject, it } from 'vitest'
import { makeSigningSecret, signWebhook } from '../../lib/webhooks/signing-secrets/signature.ts'

const page = readFileSync('docs/webhooks.md', 'utf8')
type ReadMessage = (secret: string, headers: Record<string, string>, body: string) => unknown

/** The page's examples, as the modules they are. */
async function withExamples(run: (examples: ReadMessage[]) => void): Promise<void> {
  // Below test/, where their imports resolve.
  const folder = await mkdtemp(new URL('./page-', import.meta.url).pathname)
  try {
    const examples: ReadMessage[] = []
    for (const [n, [, code]] of [...page.matchAll(/```js\n([\s\S]+?)```/g)].entries()) {
      const file = `${folder}/example-${n}.mjs`
      await writeFile(file, code!)
      examples.push(((await import(/* @vite-ignore */ file)) as { readMessage: ReadMessage }).readMessage)
    }
    run(examples)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('docs/webhooks.md', () => {
  it('verifies what we sign, and nothing else, by the package and by hand', async () => {
    await withExamples((examples) => {
      expect(examples.length).toBe(2)
      const [old, secret, another] = [1, 2, 3].map(() => makeSigningSecret('hmac')) as [
        string,
        string,
        string,
      ]
      const body = '{"type":"webhook.test","data":{"note":"Zoë 😀"}}'
      const signed = (secrets: string[], ageSeconds = 0) => {
        const timestamp = Math.floor(Date.now() / 1000) - ageSeconds
        return {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signWebhook(secrets, 'msg_1', timestamp, body),
        }
      }
      for (const readMessage of examples) {
        expect(readMessage(secret, signed([secret]), body)).toEqual(JSON.parse(body))
        expect(readMessage(old, signed([secret, old]), body)).toEqual(JSON.parse(body))
        const good = signed([secret])
        for (const [headers, text] of [
          [signed([another]), body],
          [signed([secret], 301), body],
          [signed([secret], -301), body],
          [good, `${body} `],
          [{ ...good, 'webhook-id': 'msg_2' }, body],
          [{ ...good, 'webhook-timestamp': 'soon' }, body],
          [{ ...good, 'webhook-signature': good['webhook-signature'].slice(0, -4) }, body],
          [{ ...good, 'webhook-signature': '' }, body],
        ] as const)
          expect(() => readMessage(secret, headers, text), JSON.stringify(headers)).toThrow()
      }
    })
  })

  it('shows a message whose signature is good', () => {
    const [, id, timestamp, signature, body] =
      /webhook-id: (\S+)\nwebhook-timestamp: (\d+)\nwebhook-signature: (\S+)[\s\S]+?\n\n(.+)\n/.exec(page)!
    const secret = /whsec_[A-Za-z0-9+/]{32}/.exec(page)![0]
    expect(signWebhook([secret], id!, Number(timestamp), body!)).toBe(signature)
    expect(Date.parse(JSON.parse(body!).timestamp)).toBe(Number(timestamp) * 1000 + 250)
  })

  it('names every route there is, and no other', async () => {
    const document = (await (
      await fetch(`${inject('stack').api_url}/functions/v1/webhooks/openapi.json`)
    ).json()) as { paths: Record<string, Record<string, unknown>> }
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '…')}`),
    )
    const shown = [...page.matchAll(/curl (?:-X (\w+) )?"\$API(\/[^"?]+)/g)].map(
      ([, method, path]) =>
        `${method ?? 'GET'} ${path!.replace(/\$[A-Z]+/g, '…').replace(/(event-types)\/.+/, '$1/…')}`,
    )
    const ours = routes.filter((route) => !/(dispatch|metrics|openapi\.json|health)$/.test(route))
    expect([...new Set(shown)].sort()).toEqual(ours.sort())
  })
})
