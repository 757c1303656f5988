/** A token, or what gives one: asked for each attempt, so that a session may refresh it. */
export type AccessToken = string | (() => string | null | undefined | Promise<string | null | undefined>)

/** Who the client is. At most one of accessToken, apiKey and secretKey. */
export interface Credentials {
  /** A person's access token of Supabase Auth. */
  accessToken?: AccessToken | undefined
  /** A tenant's API key, tk_live_… */
  apiKey?: string | undefined
  /** The project's secret key, sb_secret_… For servers of the platform: never ship it to a browser. */
  secretKey?: string | undefined
  /** The project's publishable key, sb_publishable_… It says which project is meant, not who is asking. */
  publishableKey?: string | undefined
}

/** The headers that show the credentials. Refuses what the server could only misunderstand. */
export function credentialHeaders(credentials: Credentials): () => Promise<Record<string, string>> {
  const { accessToken, apiKey, secretKey, publishableKey } = credentials
  if ([accessToken, apiKey, secretKey].filter((given) => given !== undefined).length > 1) {
    throw new TypeError('Give one of accessToken, apiKey and secretKey: a request has one caller.')
  }
  requirePrefix('apiKey', apiKey, 'tk_')
  requirePrefix('secretKey', secretKey, 'sb_secret_')
  // A project's older publishable keys are JWTs without a prefix.
  if (publishableKey?.startsWith('sb_secret_')) {
    throw new TypeError('publishableKey is a secret key: give it as secretKey, and only on a server.')
  }
  const projectKey = secretKey ?? publishableKey

  return async () => {
    const bearer = apiKey ?? (typeof accessToken === 'function' ? await accessToken() : accessToken)
    return {
      ...(projectKey && { apikey: projectKey }),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    }
  }
}

function requirePrefix(name: string, value: string | undefined, prefix: string): void {
  // The value is left out: errors end up in logs.
  if (value !== undefined && !value.startsWith(prefix)) {
    throw new TypeError(`${name} must begin with "${prefix}".`)
  }
}
