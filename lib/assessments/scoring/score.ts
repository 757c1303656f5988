import type { FieldError } from '../../db/index.ts'
import type { ResolvedConfig } from '../config/parts.ts'

export type Mode = ResolvedConfig['modes'][string]
type Item = Mode['items'][string]

/** By item: a point of the scale, or the id of an option. */
export type Answers = Record<string, number | string>

interface Score {
  id: string
  name: string
  /** Between scale_min and scale_max of the scoring, with its decimals. */
  score: number
  /** The severity band that holds the score. Null if none does. */
  band: string | null
}

export interface Result {
  /** How many of the items were answered. */
  answered_count: number
  item_count: number
  /** The highest first. */
  scores: Score[]
  /** The archetype that leads. Null if nothing was answered. */
  primary_id: string | null
  /** The one behind it, if it is close enough (results.depth_thresholds.secondary). */
  secondary_id: string | null
  combination: { title: string; description: string } | null
}

/** What is wrong with answers for this mode. */
export function answerProblems(mode: Mode, answers: Answers): FieldError[] {
  return Object.entries(answers).flatMap(([id, given]) => {
    const pointer = `/answers/${id}`
    const item = Object.hasOwn(mode.items, id) ? mode.items[id] : undefined
    if (!item) return [{ pointer, detail: 'is no item of this mode' }]
    if (mode.kind === 'scale') {
      const { min, max } = mode.scale!
      const fits = typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max
      return fits ? [] : [{ pointer, detail: `must be a whole number from ${min} to ${max}` }]
    }
    const fits = typeof given === 'string' && Object.hasOwn(item.options ?? {}, given)
    return fits ? [] : [{ pointer, detail: `must be one of ${Object.keys(item.options ?? {}).join(', ')}` }]
  })
}

/**
 * What answers say, by these rules:
 *
 * 1. Each item gives each archetype points: on a scale, its weight times where the answer is between the lowest point (0) and
 *    the highest (1); in a choice, the weight of the option. An archetype that is not named gets 0.
 * 2. The points of an archetype are compared with the fewest and the most that the counted items could have given it. That
 *    share, from 0 to 1, becomes the score between scale_min and scale_max. So archetypes with many items and with few can
 *    be compared. An archetype that no counted item can move has scale_min.
 * 3. An item without an answer is not counted (missing: skip), or gives the middle of what it could have given (neutral).
 * 4. The highest leads. Of equal shares the one that is earlier in tie_break is first, then the one with the lower position.
 *    Shares are compared before they are rounded.
 *
 * It depends on nothing else: not on the order of answers, on the clock or on the database.
 */
export function score(config: ResolvedConfig, mode: Mode, answers: Answers): Result {
  const { archetypes, scoring, results } = config
  const { scale_min, scale_max, decimals, missing, tie_break } = scoring.engine
  const items = Object.entries(mode.items)
  const answered = items.filter(([id]) => Object.hasOwn(answers, id))
  const counted = missing === 'skip' ? answered : items

  const shareOf = (archetype: string): number => {
    let [points, least, most] = [0, 0, 0]
    for (const [id, item] of counted) {
      const range = rangeOf(mode, item, archetype)
      least += range.least
      most += range.most
      points += Object.hasOwn(answers, id)
        ? pointsOf(mode, item, archetype, answers[id]!)
        : (range.least + range.most) / 2
    }
    // Sums of decimal weights may miss their bounds by a hair.
    return most > least ? Math.min(1, Math.max(0, (points - least) / (most - least))) : 0
  }
  const rank = (id: string) => (tie_break.includes(id) ? tie_break.indexOf(id) : tie_break.length)
  const ranked = Object.entries(archetypes)
    .map(([id, { name, position }]) => ({ id, name, position, share: shareOf(id) }))
    .sort(
      (a, b) =>
        b.share - a.share || rank(a.id) - rank(b.id) || a.position - b.position || (a.id < b.id ? -1 : 1),
    )
  const [first, second] = answered.length > 0 ? ranked : []
  const isNear = (threshold: number) => second && first && second.share >= first.share * threshold
  const secondary =
    second && second.share > 0 && isNear(results.depth_thresholds.secondary) ? second : undefined
  const combination =
    secondary && isNear(results.depth_thresholds.combination)
      ? scoring.combinations.find((one) => one.primary === first?.id && one.secondary === secondary.id)
      : undefined
  return {
    answered_count: answered.length,
    item_count: items.length,
    scores: ranked.map(({ id, name, share }) => {
      const score = round(scale_min + share * (scale_max - scale_min), decimals)
      return { id, name, score, band: bandOf(scoring, score) }
    }),
    primary_id: first?.id ?? null,
    secondary_id: secondary?.id ?? null,
    combination: combination ? { title: combination.title, description: combination.description } : null,
  }
}

function pointsOf(
  { kind, scale }: Mode,
  { weights, options }: Item,
  archetype: string,
  answer: number | string,
) {
  if (kind === 'choice') return weightOf(options![answer]!.weights, archetype)
  const { min, max } = scale!
  return (weightOf(weights!, archetype) * (Number(answer) - min)) / (max - min)
}

/** The fewest and the most points that an item can give an archetype. */
function rangeOf({ kind }: Mode, { weights, options }: Item, archetype: string) {
  const possible =
    kind === 'scale'
      ? [0, weightOf(weights!, archetype)]
      : Object.values(options!).map((option) => weightOf(option.weights, archetype))
  return { least: Math.min(...possible), most: Math.max(...possible) }
}

const weightOf = (weights: Record<string, number>, archetype: string) =>
  Object.hasOwn(weights, archetype) ? weights[archetype]! : 0

/** A band holds its lower end and not its upper one. The one that ends at scale_max holds that too. */
function bandOf({ severity_bands, engine }: ResolvedConfig['scoring'], score: number): string | null {
  const found = Object.entries(severity_bands).find(
    ([, { from, to }]) => score >= from && (score < to || (score === to && to === engine.scale_max)),
  )
  return found?.[0] ?? null
}

const round = (value: number, decimals: number) =>
  Number(`${Math.round(Number(`${value}e${decimals}`))}e-${decimals}`)
