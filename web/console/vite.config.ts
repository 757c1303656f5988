import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The preview fills the templates of the branded page, which stand in its index.html. */
const pageTemplates: Plugin = {
  name: 'page-templates',
  async transformIndexHtml(html, { filename }) {
    if (filename !== at('preview.html')) return html
    const page = await readFile(at('../page/index.html'), 'utf8')
    const templates = page.match(/<template [\s\S]*?<\/template>/g) ?? []
    return html.replace('</body>', `${templates.join('\n')}\n</body>`)
  },
}

const link = (attrs: Record<string, string | boolean>): HtmlTagDescriptor => ({
  tag: 'link',
  attrs,
  injectTo: 'head',
})

/** The first file only says what comes, so the page itself asks for the one that shows it, and for what that one imports. */
const preloadedMain: Plugin = {
  name: 'preloaded-main',
  transformIndexHtml: {
    order: 'post',
    handler(html, { filename, bundle }) {
      if (filename !== at('index.html') || !bundle) return html
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
      const main = chunks.find(({ facadeModuleId }) => facadeModuleId === at('app/main.tsx'))
      if (!main) throw new Error('app/main.tsx has no chunk of its own.')
      const files = [main.fileName, ...main.imports]
      const styles = chunks
        .filter(({ fileName }) => files.includes(fileName))
        .flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])])
      return [
        ...styles.map((file) => link({ rel: 'stylesheet', crossorigin: true, href: `/${file}` })),
        ...files.map((file) => link({ rel: 'modulepreload', crossorigin: true, href: `/${file}` })),
      ]
    },
  },
}

export default defineConfig({
  root: at('.'),
  base: '/',
  publicDir: false,
  plugins: [pageTemplates, preloadedMain],
  build: {
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    // A file of its own, because the content security policy allows no data: of scripts or styles.
    assetsInlineLimit: 0,
    // For browsers that do not know it, a file only comes later.
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      input: {
        index: at('index.html'),
        preview: at('preview.html'),
        'quiz-preview': at('quiz-preview.html'),
        'mail-preview': at('mail-preview.html'),
        embed: at('embed.html'),
      },
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            // Each file more is a wait more.
            { name: 'styles', test: /console\/(?!embed\/).*\.css$/ },
            // What every page begins with, and what the console does before anything else.
            {
              name: 'base',
              test: /preload-helper|rolldown.runtime|node_modules\/(?:react|use-sync-external-store)\/|react-dom\/(?:index|cjs\/react-dom\.)|lib\/client\/problem|api\/project\.ts|parts\/button\.tsx/,
            },
            { name: 'arrival', test: /console\/(?:app\/arrival|api\/storage-key)\.ts/ },
            { name: 'addresses', test: /console\/(?:api\/(?:overview|people)|screens\/.*\/search)\.ts/ },
            // A screen waits for the texts of its room, and they need not wait for what else the screen waits for.
            {
              name: (id) =>
                id.match(/screens\/(?:.*\/)?(\w[\w-]*)\/words\/words\.ts$/)?.[1]?.concat('-words') ?? null,
            },
            // The first screen needs most of it, and the others the rest.
            { name: 'query', test: /@tanstack\/(?:react-query|query-core)/ },
            {
              name: 'router',
              test: /@tanstack\/(?:react-router|router-core|history)/,
            },
            // A screen with a form has a dialog too, as a rule. In one piece they are smaller than in many.
            {
              name: 'forms',
              test: /@base-ui\/(?!react\/(?:csp-provider|internals\/csp-context))|floating-ui|console\/parts\/(?:card|confirm|conflict|curl|dialog|errors|field|secret|versioned)\.tsx?$/,
            },
            // What screens are made of that signing in has no use for.
            {
              name: 'parts',
              test: /console\/(?:parts\/(?!button)|api\/(?!client|isolation|last-change|project|second-factor|session|storage-key))/,
              minShareCount: 3,
            },
          ],
        },
      },
      // The libraries say for which frameworks they are client code. There is no other here.
      onLog(level, log, tell) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') tell(level, log)
      },
    },
  },
})
