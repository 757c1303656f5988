import pg from 'pg'

/**
 * A pool of connections to a stack. `end()` does not wait until they are closed, so a stack that stops just then may end one
 * first. Without a listener, that would end the whole bench. An error before `end()` still does.
 */
export function openPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options)
  pool.on('error', (error) => {
    if (!pool.ending) throw error
  })
  return pool
}
