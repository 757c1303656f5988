// @ts-check
import htm from 'htm'
import { h } from 'preact'

/**
 * Markup in a template. Values become text or properties, never markup.
 * @type {(strings: TemplateStringsArray, ...values: unknown[]) => import('preact').VNode}
 */
export const html = /** @type {{ bind: Function }} */ (/** @type {unknown} */ (htm)).bind(h)
