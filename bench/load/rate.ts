import type pg from 'pg'

/** How often a second this is done over so many connections. */
export async function rateOf(
  pool: pg.Pool,
  atOnce: number,
  seconds: number,
  work: (db: pg.PoolClient) => Promise<unknown>,
): Promise<number> {
  const start = performance.now()
  const end = start + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const db = await pool.connect()
      try {
        for (; performance.now() < end; done++) await work(db)
      } finally {
        db.release()
      }
    }),
  )
  return (done * 1000) / (performance.now() - start)
}
