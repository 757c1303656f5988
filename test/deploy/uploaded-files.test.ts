import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Deployment, deployFunctions, project } from './deploy-functions.ts'
import type { UploadedFunction } from './management-api.ts'

const stack = inject('stack')
const functionNames = readdirSync(join(project, 'functions')).filter((name) =>
  existsSync(join(project, 'functions', name, 'index.ts')),
)

let deployment: Deployment
let uploads: UploadedFunction[]
/** Every uploaded file once, by path. */
let files: Map<string, string>

beforeAll(async () => {
  deployment = await deployFunctions()
  uploads = [...deployment.functions.values()]
  files = new Map(uploads.flatMap((upload) => [...upload.files]))
})

describe('supabase functions deploy --use-api', () => {
  it('deploys every function of the project, and makes them live together', () => {
    expect([...deployment.functions.keys()].sort()).toEqual([...functionNames].sort())
    // Bundled one by one, switched on by a single request: no function runs beside an older one.
    const isSwitch = (request: string) => /^PUT .*\/functions$/.test(request)
    expect(deployment.requests.filter(isSwitch)).toHaveLength(1)
  })

  it('names the entry point, the import map and no check of tokens before the function', () => {
    // The gateway's check knows nothing of public routes: who may call what is the routers' business.
    for (const { slug, metadata } of uploads) {
      expect(metadata).toMatchObject({
        name: slug,
        entrypoint_path: `functions/${slug}/index.ts`,
        import_map_path: 'functions/deno.json',
        verify_jwt: false,
      })
      expect(metadata.static_patterns ?? []).toEqual([])
    }
  })

  it('uploads entry point and import map, as they stand in the project', () => {
    for (const { metadata, files } of uploads) {
      expect([...files.keys()]).toEqual(
        expect.arrayContaining([metadata.entrypoint_path, metadata.import_map_path]),
      )
    }
    for (const [path, text] of files) expect(text, path).toBe(readFileSync(join(project, path), 'utf8'))
  })

  it('uploads nothing but the import map and TypeScript of functions/ and lib/', () => {
    for (const path of files.keys()) {
      expect(path).toMatch(/^(functions\/deno\.json|(functions|lib)\/([a-z0-9-]+\/)*[a-z0-9-]+\.ts)$/)
    }
  })

  it('uploads no other function with a function', () => {
    for (const { slug, files } of uploads) {
      const others = [...files.keys()].filter((path) => /^functions\/[^/]+\//.test(path))
      for (const path of others) expect(path.startsWith(`functions/${slug}/`), path).toBe(true)
    }
  })

  it('uploads no secret', () => {
    const secrets = [
      stack.secret_key,
      stack.publishable_key,
      stack.jwt_secret,
      new URL(stack.db_url).password,
      deployment.accessToken,
    ]
    const everything = [...files.values(), JSON.stringify(uploads.map(({ metadata }) => metadata))].join('\n')
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(8)
      expect(everything.includes(secret)).toBe(false)
    }
    expect(everything).not.toMatch(
      /sb_(secret|publishable)_\w{8}|sbp_\w{8}|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10,}\./,
    )
  })
})

describe('the import map', () => {
  const read = () => JSON.parse(files.get('functions/deno.json') ?? '{}')

  it('pins every package to the version that package.json pins', () => {
    const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    for (const [specifier, target] of Object.entries<string>(read().imports)) {
      const [, name = '', version] = /^npm:\/?(@?[^@]+)@(\d+\.\d+\.\d+)\/?$/.exec(target) ?? []
      expect({ specifier, version }).toEqual({ specifier, version: dependencies[name] })
      expect(specifier.replace(/\/$/, '')).toBe(name)
    }
  })

  it('has an entry for each package that is imported, and no other entry', () => {
    const packages = new Set(
      importsOf(files)
        .filter((specifier) => !/^(\.|node:)/.test(specifier))
        .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)![0]),
    )
    const entries = Object.keys(read().imports).map((specifier) => specifier.replace(/\/$/, ''))
    expect(new Set(entries)).toEqual(packages)
  })

  it('asks for no node_modules folder, which hosted does not have', () => {
    // "manual" turns off the registry in Supabase's edge runtime too, and then no package is found.
    expect(read()).not.toHaveProperty('nodeModulesDir')
    expect(read()).not.toHaveProperty('scopes')
  })
})

describe('the uploaded code', () => {
  it('reads no SUPABASE_ variable but those that hosted provides', () => {
    // `supabase secrets set` refuses names that start so: an own setting of that name could not be set.
    const hosted = ['URL', 'DB_URL', 'PUBLISHABLE_KEYS', 'SECRET_KEYS', 'JWKS'].map(
      (name) => `SUPABASE_${name}`,
    )
    const read = [...files.values()].flatMap((text) => text.match(/\bSUPABASE_[A-Z0-9_]+/g) ?? [])
    expect(hosted).toEqual(expect.arrayContaining([...new Set(read)]))
    expect(read).toContain('SUPABASE_DB_URL')
  })

  it("names every other setting for this project, so it cannot meet another one's", () => {
    const env = /\b(?:process\.env|Deno\.env\.get)(?:\.|\[|\()['"]?([A-Z0-9_]+)/g
    for (const [path, text] of files) {
      for (const [, name] of text.matchAll(env)) expect(name, path).toMatch(/^(SUPABASE|TENANTRY)_/)
    }
  })

  it('uses of Node only what every isolate has', () => {
    // No files, processes, threads or servers of its own. Sockets, TLS and look-ups are what pg stands on too.
    const allowed =
      /^node:(assert|async_hooks|buffer|crypto|dns\/promises|events|net|process|timers|tls|url|util)$/
    const builtins = importsOf(files).filter((specifier) => specifier.startsWith('node:'))
    for (const specifier of builtins) expect(specifier).toMatch(allowed)
    for (const [path, text] of files) expect(text, path).not.toMatch(/\b(__dirname|__filename|require\()/)
  })

  it('uses of Deno only what version 2.1 has, which hosted runs', () => {
    const used = [...files.values()].flatMap((text) => text.match(/\bDeno\.\w+/g) ?? [])
    expect(new Set(used)).toEqual(new Set(['Deno.serve']))
  })
})

function importsOf(texts: Map<string, string>): string[] {
  // Not Buffer.from('…').
  const pattern = /(?:\bfrom|\bimport\s*\(?)\s*['"]([^'"\n]+)['"]/g
  return [...texts]
    .filter(([path]) => path.endsWith('.ts'))
    .flatMap(([, text]) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))
}
