import { Client } from 'pg'

/** One connection for one piece of work. */
export async function connected<Result>(url: string, work: (db: Client) => Promise<Result>): Promise<Result> {
  const db = new Client({ connectionString: url })
  await db.connect()
  try {
    return await work(db)
  } finally {
    await db.end()
  }
}
