// @ts-check
import { anchorOf, corners, shorten, spell } from '../chart.js'
import { html } from '../html.js'
import { button } from './notices.js'
/** @import { Part, Reflection, Result, Score, Spoken, Words } from '../model.d.ts' */

/** @param {{ result: Result, reflection: Reflection & { spoken: Spoken } | null, words: Words, spoken: Spoken, locale: string, completion: string | null, booking: string | null, forget: () => void }} parts */
export function result({ result: found, reflection, words, spoken, locale, completion, booking, forget }) {
  const { primary, secondary, combination, scores, hasChart } = found
  const figure = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const isDisclosed = primary !== null || scores.length > 0
  return html`
    <article class="panel result">
      <h1 tabindex="-1" data-focus>${isDisclosed ? words.resultTitle : words.doneTitle}</h1>
      ${!isDisclosed && html`<p class="lines">${completion ?? words.doneText}</p>`}
      ${primary && part(primary, words, spoken, 'leading')}
      ${secondary && html`<p class="muted behind">${words.behind}</p>${part(secondary, words, spoken, '')}`}
      ${combination && html`<section ...${spoken}><h2>${combination.title}</h2><p class="lines">${combination.description}</p></section>`}
      ${reflection && (reflection.isWriting || reflection.text) && written(reflection, words)}
      ${
        scores.length > 0 &&
        html`
        <section aria-labelledby="all">
          <h2 id="all">${words.all}</h2>
          ${hasChart && scores.length > 2 && spider(scores, words)}
          <ol class="scores" ...${spoken}>${scores.map((score) => bar(score, figure))}</ol>
        </section>`
      }
      ${isDisclosed && completion && html`<p class="lines">${completion}</p>`}
      ${booking && html`<p><a class="button" href=${booking} target=${window.top === window.self ? null : '_top'}>${words.booking}</a></p>`}
      <p class="muted forget">${words.forgetText} ${button(words.forget, forget, 'bare')}</p>
    </article>
  `
}

/** Whoever reads it must know that no person wrote it. @param {Reflection & { spoken: Spoken }} reflection @param {Words} words */
const written = ({ isWriting, text, spoken }, words) => html`
  <section class="written" aria-labelledby="written" aria-live="polite" aria-busy=${isWriting}>
    <h2 id="written">${words.reflection}</h2>
    ${isWriting ? html`<p class="muted">${words.reflecting}</p>` : html`<p class="lines" ...${spoken}>${text}</p><p class="muted">${words.byModel}</p>`}
  </section>
`

/** @param {Part} part @param {Words} words @param {Spoken} spoken @param {string} look */
const part = ({ name, emoji, color, description, strengths, shadows }, words, spoken, look) => html`
  <section class="part ${look}" style=${color ? { '--part': color } : null}>
    <h2 ...${spoken}>${emoji && html`<span aria-hidden="true">${emoji} </span>`}${name}</h2>
    <p class="lines" ...${spoken}>${description}</p>
    ${points(words.strengths, strengths, spoken)}
    ${points(words.shadows, shadows, spoken)}
  </section>
`

/** @param {string} title @param {string[]} sentences @param {Spoken} spoken */
const points = (title, sentences, spoken) =>
  sentences.length > 0 &&
  html`<h3>${title}</h3><ul ...${spoken}>${sentences.map((each) => html`<li>${each}</li>`)}</ul>`

/** @param {Score} score @param {Intl.NumberFormat} figure */
const bar = ({ name, color, score, share, band }, figure) => html`
  <li style=${{ '--share': `${share * 100}%`, ...(color && { '--part': color }) }}>
    <span class="name">${name}</span> <span class="figure">${figure.format(score)}</span>
    ${band && html` <span class="muted band">${band}</span>`}
    <span class="bar" aria-hidden="true"></span>
  </li>
`

const RADIUS = 92

/** @param {Score[]} scores @param {Words} words */
function spider(scores, words) {
  const rim = corners(
    scores.map(() => 1),
    RADIUS,
  )
  const names = corners(
    scores.map(() => 1),
    RADIUS + 12,
  )
  return html`
    <svg class="spider" viewBox="-180 -125 360 250" role="img" aria-label=${words.chart(scores.length)}>
      ${[0.25, 0.5, 0.75, 1].map(
        (share) =>
          html`<polygon class="grid" points=${spell(
            corners(
              scores.map(() => share),
              RADIUS,
            ),
          )} />`,
      )}
      ${rim.map(({ x, y }) => html`<line class="grid" x1="0" y1="0" x2=${x} y2=${y} />`)}
      <polygon class="area" points=${spell(
        corners(
          scores.map(({ share }) => share),
          RADIUS,
        ),
      )} />
      ${names.map(
        (at, index) => html`
        <text x=${at.x} y=${at.y} text-anchor=${anchorOf(at)} dominant-baseline="middle">
          ${shorten(scores[index]?.name ?? '', 13)}</text>`,
      )}
    </svg>
  `
}
