import type pg from 'pg'
import { Circuit } from './circuit.ts'
import { connections, type Db } from './pool.ts'
import { catchUp, isFull, openOnReplica, replicaFirst } from './read-replica.ts'
import type { Sql } from './sql.ts'
import { askMark, type Mark } from './standing.ts'
import { finish, finishWith, withOne } from './transaction.ts'

/** How long a report waits for the replica to show what was committed before the report. */
const catchUpMs = 200

const circuit = new Circuit()

/**
 * A Db for a report: its statements run on the replica, as the same caller, and see everything that was committed before the
 * first of them. The primary answers what the replica cannot. Nothing that it runs may write, because it may run twice.
 */
export function reportDb(primary: Db, identity: Sql): Db {
  const { replica } = connections()
  if (!replica) return primary
  let mark: Promise<Mark> | undefined

  async function run<Result>(
    work: (client: pg.PoolClient) => Promise<Result>,
    onPrimary: () => Promise<Result>,
  ): Promise<Result> {
    if (isFull(replica!) || !circuit.admits()) return onPrimary()
    mark ??= markOf(primary)
    const reached = await mark
    return replicaFirst(
      circuit,
      async () => {
        const { client, standing } = await openOnReplica(replica!, reached, identity)
        await catchUp(client, standing, reached, catchUpMs)
        return work(client)
      },
      onPrimary,
    )
  }

  return withOne({
    query: <Row>(statement: Sql) =>
      run<Row[]>(
        (client) => finishWith(client, statement),
        () => primary.query(statement),
      ),
    transaction: (work) =>
      run(
        (client) => finish(client, work),
        () => primary.transaction(work),
      ),
  })
}

async function markOf(primary: Db): Promise<Mark> {
  const at = performance.now()
  return { at, ...(await primary.one<Omit<Mark, 'at'>>(askMark)) }
}
