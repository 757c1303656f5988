import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider from 'oidc-provider'

export interface OidcServer {
  issuer: string
  /** How often each path was asked for. */
  asked: Map<string, number>
  stop(): Promise<void>
}

export const client = { id: 'tenantry', secret: 'a-secret-of-forty-characters-or-so-1234' }

/** A real OpenID provider (the npm package oidc-provider) on loopback, with one client. */
export async function startOidcServer(
  authMethod: 'client_secret_basic' | 'client_secret_post' = 'client_secret_basic',
): Promise<OidcServer> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), kid: 'signs', use: 'sig', alg: 'RS256' }
  return serve((issuer) =>
    new Provider(issuer, {
      clients: [
        {
          client_id: client.id,
          client_secret: client.secret,
          redirect_uris: ['https://app.example/callback'],
          token_endpoint_auth_method: authMethod,
        },
      ],
      clientAuthMethods: [authMethod],
      features: { devInteractions: { enabled: false } },
      jwks: { keys: [key] as never },
      cookies: { keys: ['only-for-tests'] },
    }).callback(),
  )
}

/** A provider that has everything right, but for what a test spoils. */
export interface Play {
  /** Changes to the discovery document; undefined leaves a field out. */
  discovery?: (issuer: string) => Record<string, unknown>
  keys?: JWK[]
  /** Answers instead of the play, by path. */
  at?: Record<string, RequestListener>
}

export const discoveryPath = '/.well-known/openid-configuration'

export function playOidcServer(play: Play = {}): Promise<OidcServer> {
  return serve((issuer) => (request, response) => {
    const path = request.url ?? ''
    const instead = play.at?.[path]
    if (instead) return instead(request, response)
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (path === '/jwks') return json({ keys: play.keys ?? [goodKey] })
    if (path === '/token') return json({ error: 'invalid_grant' }, 400)
    if (path !== discoveryPath) return json({}, 404)
    return json({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code', 'id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      ...play.discovery?.(issuer),
    })
  })
}

export async function publicKey(algorithm: string, more: Record<string, unknown> = {}): Promise<JWK> {
  const pair = await generateKeyPair(algorithm, { extractable: true })
  return { ...(await exportJWK(pair.publicKey)), kid: algorithm, use: 'sig', alg: algorithm, ...more }
}

const goodKey = await publicKey('ES256')

async function serve(listenerOf: (issuer: string) => RequestListener): Promise<OidcServer> {
  const asked = new Map<string, number>()
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const listener = listenerOf(issuer)
  server.on('request', (request, response) => {
    const path = request.url ?? ''
    asked.set(path, (asked.get(path) ?? 0) + 1)
    listener(request, response)
  })
  return {
    issuer,
    asked,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
