// @ts-check
// What stands around every screen: the tenant's logo and name, and whose technology it is.
import { initials } from '../../../page/theme.js'
import { html } from '../html.js'
/** @import { PageConfig, Words } from '../model.d.ts' */

/** @param {{ config: PageConfig, words: Words, screen: unknown, say: string }} parts `say` is announced */
export function frame({ config, words, screen, say }) {
  return html`
    <header class="masthead"><div class="wrap">
      <div class="logo ${config.logo ? '' : 'monogram'}" aria-hidden=${config.logo ? null : 'true'}>
        ${config.logo ? logo(config.logo) : initials(config.displayName)}
      </div>
      <p class="tenant ${config.logo ? 'visually-hidden' : ''}">${config.displayName}</p>
    </div></header>
    <main id="main" tabindex="-1" class="wrap sheet">${screen}</main>
    <p class="visually-hidden" role="status">${say}</p>
    ${config.showsPoweredBy && html`<footer class="footer"><p class="wrap muted">${words.poweredBy}</p></footer>`}
  `
}

/** Its name stands beside it for those who hear the page. @param {NonNullable<PageConfig['logo']>} logo */
const logo = ({ url, width }) => html`
  <img src=${url} alt="" referrerpolicy="no-referrer" style=${width ? { '--logo-width': `${width}px` } : null} />
`
