import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

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

export default defineConfig({
  root: at('.'),
  base: '/',
  publicDir: false,
  plugins: [pageTemplates],
  build: {
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    // A file of its own, because the content security policy allows no data: of scripts or styles.
    assetsInlineLimit: 0,
    manifest: true,
    rolldownOptions: {
      input: { index: at('index.html'), preview: at('preview.html'), embed: at('embed.html') },
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            // The first screen needs most of it, and the others the rest.
            { name: 'query', test: /@tanstack\/(?:react-query|query-core)/ },
            // A screen with a form has a dialog too, as a rule. In one piece they are smaller than in many.
            {
              name: 'forms',
              test: /@base-ui\/(?!react\/(?:csp-provider|internals\/csp-context))|floating-ui|console\/parts\/(?:card|confirm|curl|dialog|errors|field|secret)\.tsx?$/,
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
