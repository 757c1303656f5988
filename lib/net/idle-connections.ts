import { setTimeout } from 'node:timers'
import type { Connection } from './connection.ts'

interface Limits {
  /** How long a connection may rest. */
  idleMs: number
  /** How old a connection may become. Its name may since have moved, or now lead to a private address. */
  ageMs: number
  perOrigin: number
  total: number
}

interface Resting {
  origin: string
  since: number
}

/** Connections between two exchanges. Each goes to one taker; the one that was used last goes first. */
export class IdleConnections {
  private readonly limits: Limits
  /** The one that has rested longest comes first. */
  private readonly resting = new Map<Connection, Resting>()
  private readonly byOrigin = new Map<string, Connection[]>()
  private isSweeping = false

  constructor(limits: Limits) {
    this.limits = limits
  }

  get size(): number {
    return this.resting.size
  }

  take(origin: string): Connection | undefined {
    const connection = this.byOrigin.get(origin)?.at(-1)
    if (!connection) return undefined
    const since = this.resting.get(connection)?.since ?? 0
    this.forget(connection)
    connection.use()
    const now = performance.now()
    if (now - since < this.limits.idleMs && now - connection.openedAt < this.limits.ageMs) return connection
    connection.close()
    return this.take(origin)
  }

  /** Keeps a connection whose last answer was read to its end, or closes it if there is no room. */
  give(origin: string, connection: Connection): void {
    const now = performance.now()
    const others = this.byOrigin.get(origin) ?? []
    if (others.length >= this.limits.perOrigin || now - connection.openedAt >= this.limits.ageMs) {
      connection.close()
      return
    }
    const [longest] = this.resting.keys()
    if (longest && this.resting.size >= this.limits.total) this.drop(longest)
    others.push(connection)
    this.byOrigin.set(origin, others)
    this.resting.set(connection, { origin, since: now })
    connection.rest(() => this.forget(connection))
    this.sweepLater()
  }

  private forget(connection: Connection): void {
    const found = this.resting.get(connection)
    if (!found) return
    this.resting.delete(connection)
    const others = this.byOrigin.get(found.origin) ?? []
    others.splice(others.lastIndexOf(connection), 1)
    if (others.length === 0) this.byOrigin.delete(found.origin)
  }

  private drop(connection: Connection): void {
    this.forget(connection)
    connection.close()
  }

  private sweepLater(): void {
    if (this.isSweeping) return
    this.isSweeping = true
    setTimeout(() => {
      this.isSweeping = false
      const now = performance.now()
      for (const [connection, { since }] of this.resting) {
        if (now - since < this.limits.idleMs) return this.sweepLater()
        this.drop(connection)
      }
    }, this.limits.idleMs / 4).unref()
  }
}
