import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection } from '../../../lib/net/connection.ts'
import { IdleConnections } from '../../../lib/net/idle-connections.ts'
import { receive } from '../servers.ts'

const limits = { idleMs: 4_000, ageMs: 60_000, perOrigin: 3, total: 5 }
let port: number
beforeAll(async () => {
  port = Number(new URL((await receive(() => {})).url).port)
})

const sockets = new Map<Connection, Socket>()
async function open(): Promise<Connection> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const connection = new Connection(socket)
  sockets.set(connection, socket)
  return connection
}
const openSome = (count: number) => Promise.all(Array.from({ length: count }, open))
const isClosed = (connection: Connection) => sockets.get(connection)!.destroyed
let clock = 0
beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => clock))
afterEach(() => void vi.restoreAllMocks())

describe('idle connections', () => {
  it('are given out once, the last one first', async () => {
    const idle = new IdleConnections(limits)
    const [a, b] = (await openSome(2)) as [Connection, Connection]
    idle.give('x', a)
    idle.give('x', b)
    expect(idle.take('y')).toBeUndefined()
    expect([idle.take('x'), idle.take('x'), idle.take('x')]).toEqual([b, a, undefined])
    expect([isClosed(a), isClosed(b), idle.size]).toEqual([false, false, 0])
  })
  it('are no more than so many for an origin', async () => {
    const idle = new IdleConnections(limits)
    const some = await openSome(5)
    for (const one of some) idle.give('x', one)
    expect(some.map(isClosed)).toEqual([false, false, false, true, true])
    expect(idle.size).toBe(3)
  })
  it('are no more than so many in all: who rests longest makes room', async () => {
    const idle = new IdleConnections(limits)
    const some = await openSome(7)
    some.forEach((one, index) => {
      idle.give(`origin ${index}`, one)
    })
    expect(some.map(isClosed)).toEqual([true, true, false, false, false, false, false])
    expect([idle.size, idle.take('origin 1'), idle.take('origin 2')]).toEqual([5, undefined, some[2]])
  })
  it.each([
    ['after a while', 3_999, true],
    ['after too long a rest', 4_000, false],
  ])('are taken %s: %s', async (_name, ms, isTaken) => {
    const idle = new IdleConnections(limits)
    const one = await open()
    idle.give('x', one)
    clock += ms
    expect(idle.take('x')).toBe(isTaken ? one : undefined)
    expect([isClosed(one), idle.size]).toEqual([!isTaken, 0])
  })
  it('end at an age, however busy: when they are given and when they are taken', async () => {
    const idle = new IdleConnections({ ...limits, idleMs: 100_000 })
    const [a, b] = (await openSome(2)) as [Connection, Connection]
    idle.give('x', a)
    clock += 60_000
    expect(idle.take('x')).toBeUndefined()
    idle.give('x', b)
    expect([isClosed(a), isClosed(b), idle.size]).toEqual([true, true, 0])
  })
  it('are closed when nobody takes them', async () => {
    const idle = new IdleConnections({ ...limits, idleMs: 40 })
    const some = await openSome(3)
    for (const one of some) idle.give('x', one)
    clock += 40
    await Promise.all(some.map((one) => once(sockets.get(one)!, 'close')))
    expect(idle.size).toBe(0)
  })
  it('are forgotten when they close by themselves', async () => {
    const idle = new IdleConnections(limits)
    const [a, b] = (await openSome(2)) as [Connection, Connection]
    idle.give('x', a)
    idle.give('x', b)
    b.close()
    expect([idle.size, idle.take('x'), idle.take('x')]).toEqual([1, a, undefined])
  })
})
