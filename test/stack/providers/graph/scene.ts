import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Contact } from '../../../../stack/providers/graph/chats.ts'
import type { NewNumber, WhatsappNumber } from '../../../../stack/providers/graph/numbers.ts'
import { Platform } from '../../../../stack/providers/graph/platform.ts'
import { type GraphServer, startGraphServer } from '../../../../stack/providers/graph/server.ts'
import { type CallbackServer, startCallback, verifyToken } from './callback-server.ts'

export const ada: Contact = { phone: '12025550142', name: 'Ada' }
export const bob: Contact = { phone: '12025550143', name: 'Bob' }

interface GraphAnswer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: the tests look at what is in it.
  json: any
}

export interface Scene {
  platform: Platform
  server: GraphServer
  /** New for each test, connected to the callback, and without limits. */
  number: WhatsappNumber
  callback: CallbackServer
  makeNumber(wanted?: NewNumber): Promise<WhatsappNumber>
  graph(path: string, request?: GraphRequest): Promise<GraphAnswer>
  /** Sends a message to Ada, or what is given. */
  send(body: object, request?: GraphRequest): Promise<GraphAnswer>
}

interface GraphRequest {
  method?: string
  body?: object | string
  token?: string | null
}

/** A platform with quick waits, for one test file. */
export function openScene(): Scene {
  const scene = {} as Scene
  beforeAll(async () => {
    // A group waits for as long as a busy machine may need between two of its webhooks.
    const times = { retryMs: 20, timeoutMs: 2_000, groupMs: 3_000 }
    scene.platform = Platform.open({ times })
    scene.server = await startGraphServer(scene.platform)
  })
  beforeEach(async () => {
    scene.callback = await startCallback()
    scene.number = await scene.makeNumber()
    return () => scene.callback.stop()
  })
  afterAll(() => scene.server.stop())

  scene.makeNumber = async (wanted = {}) => {
    const number = scene.platform.makeNumber({ limits: { pair_burst: null, per_second: null }, ...wanted })
    await scene.platform.setCallback(number, scene.callback.url, verifyToken)
    return number
  }
  scene.graph = async (path, { method = 'GET', body, token = scene.number.token } = {}) => {
    const isRaw = typeof body === 'string' || body instanceof FormData
    const answer = await fetch(`${scene.server.url}/v24.0/${path}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      },
      ...(body && { body: isRaw ? body : JSON.stringify(body) }),
    })
    return { status: answer.status, json: await answer.json() }
  }
  scene.send = (body, request = {}) =>
    scene.graph(`${scene.number.phone_number_id}/messages`, {
      method: 'POST',
      body: { messaging_product: 'whatsapp', to: ada.phone, ...body },
      ...request,
    })
  return scene
}

export const text = (body: string) => ({ type: 'text', text: { body } })
