// @ts-check

/** @typedef {{ x: number, y: number }} Point */

/**
 * The corners of a polygon around the middle, from the top and clockwise.
 * @param {readonly number[]} shares from 0 (the middle) to 1 (the rim) @param {number} radius @returns {Point[]}
 */
export function corners(shares, radius) {
  return shares.map((share, at) => {
    const angle = (2 * Math.PI * at) / shares.length - Math.PI / 2
    return { x: round(radius * share * Math.cos(angle)), y: round(radius * share * Math.sin(angle)) }
  })
}

/** As the attribute `points` of a polygon. @param {readonly Point[]} points */
export const spell = (points) => points.map(({ x, y }) => `${x},${y}`).join(' ')

/** From which side a word at this corner grows, so that it stays outside. @param {Point} point */
export const anchorOf = ({ x }) => (Math.abs(x) < 1 ? 'middle' : x > 0 ? 'start' : 'end')

/** @param {string} name @param {number} length */
export const shorten = (name, length) => {
  const letters = [...name]
  return letters.length > length
    ? `${letters
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`
    : name
}

/** @param {number} value */
const round = (value) => Math.round(value * 100) / 100 || 0
