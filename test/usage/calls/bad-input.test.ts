import { beforeAll, describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { brokenPromises, finish, priceModel, recordTool, refusalOf, start } from './scene.ts'

beforeAll(() => priceModel())

describe('a request that says something impossible is refused', () => {
  it.each([
    ['tokens below zero', { input: -1 }],
    ['no number of tokens', { output: null }],
    ['more tokens than any model takes', { output: 100_000_001 }],
    ['no model', { name: null }],
    ['an empty model', { name: '' }],
    ['a model of 256 characters', { name: 'x'.repeat(256) }],
    ['spaces around a model', { name: ' gpt-4o' }],
    ['a provider with capitals', { provider: 'OpenAI' }],
    ['the fallback as a provider', { provider: '*' }],
    ['no key', { key: null }],
    ['a key of 201 characters', { key: 'x'.repeat(201) }],
    ['a hold of no time', { seconds: 0 }],
    ['a hold of more than a day', { seconds: 86_401 }],
    ['a prompt and not its hash', { prompt: 'Say yes.' }],
    ['a hash of another length', { prompt: 'a'.repeat(63) }],
  ])('to start with %s', async (_what, asked) => {
    const { id } = await makeTenant()
    expect(await refusalOf(start(id, asked))).toBe('invalid_value')
  })

  it.each([
    ['no status', { status: null }],
    ['tokens below zero', { output: -1 }],
    ['no number of tokens', { input: null }],
    ['more tokens of the cache than of the prompt', { input: 10, cached: 6, written: 5 }],
    ['tokens of the cache below zero', { cached: -1 }],
    ['a duration below zero', { duration: -1 }],
    ['a response and not its hash', { response: 'Yes.' }],
    ['a message and no code', { error: 'The prompt "Say yes" is too long.' }],
  ])('to complete with %s', async (_what, taken) => {
    const { id } = await makeTenant()
    const hold = await start(id)
    expect(await refusalOf(finish(id, hold.id, taken))).toBe('invalid_value')
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('to complete what nobody started', async () => {
    const { id } = await makeTenant()
    expect(await refusalOf(finish(id, id))).toBe('call_not_found')
  })

  it.each([
    ['a tool with spaces', { tool: 'my tool' }],
    ['an empty method', { method: '' }],
    ['an empty key', { key: '' }],
    ['a message and no code', { error: 'Not found: Ada' }],
  ])('to record a tool with %s', async (_what, made) => {
    const { id } = await makeTenant()
    expect(await refusalOf(recordTool(id, made))).toBe('invalid_value')
  })
})
