import type pg from 'pg'
import { type Figure, median, say, timed } from '../measure.ts'
import type { BenchStack } from '../stack.ts'

interface Shop {
  tenantId: string
  botId: string
}

/** Finding training data of one bot among that of many. */
export async function benchBots(stack: BenchStack, isQuick: boolean): Promise<Figure[]> {
  const [bots, rows] = isQuick ? [5, 100] : [100, 10_000]
  say(`bots: ${bots} bots with ${rows} rows of training data each`)
  const shop = await fillTrainingData(stack, bots, rows)
  const db = await stack.connect(stack.dbUrl)
  const { rows: known } = await db.query<{ question: string }>(
    'select question from public.bot_training_data where tenant_id = $1 and bot_id = $2 order by md5(id::text) limit 300',
    [shop.tenantId, shop.botId],
  )
  const questions = known.slice(0, isQuick ? 10 : 300).map(({ question }) => question)
  const asked = [
    { what: 'a question as it was taught', by: 'search_training_data', texts: questions },
    {
      what: 'a question that shares common words with thousands of rows',
      by: 'search_training_data',
      texts: questions.map(
        (_, n) => `Do you sell word${(n % 3) + 1} and word${(n % 5) + 2} for unheard${n}?`,
      ),
    },
    {
      what: 'a misspelt question, by its letters',
      by: 'find_similar_training_data',
      texts: questions.map((question) => question.replace('word', 'wrod')),
    },
  ]
  const figures: Figure[] = []
  for (const { what, by, texts } of asked) {
    const times = await search(db, shop, by, texts)
    const slowest = times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)]!
    figures.push({
      ...{ what: `${what}, median`, unit: 'ms', value: median(times), goal: { atMost: 10 } },
      note: `99 of 100 within ${slowest.toFixed(1)} ms`,
    })
  }
  return figures
}

async function search(
  db: pg.Client,
  { tenantId, botId }: Shop,
  by: string,
  texts: string[],
): Promise<number[]> {
  const times: number[] = []
  for (const text of texts)
    times.push(
      await timed(() =>
        db.query(`select count(*) from private.${by}($1, $2, $3, 'en')`, [tenantId, botId, text]),
      ),
    )
  return times
}

/** Bots of ten tenants. Some words are in thousands of rows of a bot and most in a few, as in any language. */
async function fillTrainingData(stack: BenchStack, bots: number, rows: number): Promise<Shop> {
  const admin = await stack.connect(stack.adminUrl)
  await admin.query('set session_replication_role = replica')
  const { rows: made } = await admin.query<Shop>(
    `with shops as (
       insert into public.tenants (slug, name, status, plan)
       select 'shop-' || n, 'Shop', 'active', 'enterprise' from generate_series(1, 10) as n returning id)
     insert into public.bot_tenants (tenant_id, client_name, is_active)
     select s.id, 'Bot ' || n, true from shops as s, generate_series(1, $1::int / 10 + 1) as n
     returning tenant_id as "tenantId", id as "botId"`,
    [bots],
  )
  // Made anew at the end: row by row it would take most of the time.
  const { rows: index } = await admin.query<{ text: string }>(
    `select pg_get_indexdef('public.bot_training_data_search_idx'::regclass) as text`,
  )
  await admin.query('drop index public.bot_training_data_search_idx')
  const waiting = made.slice(0, bots)
  // One connection keeps one processor busy.
  const fill = async (db: pg.Client) => {
    for (let bot = waiting.pop(); bot; bot = waiting.pop())
      await db.query(
        `insert into public.bot_training_data (tenant_id, bot_id, question, answer, locale)
         select $1, $2, format('Do you sell word%s or word%s with word%s for word%s?', floor(3000 ^ random()), floor(3000 ^ random()),
           floor(3000 ^ random()), floor(3000 ^ random())), 'Yes.', 'en' from generate_series(1, $3::int)`,
        [bot.tenantId, bot.botId, rows],
      )
  }
  const second = await stack.connect(stack.adminUrl)
  await second.query('set session_replication_role = replica')
  await Promise.all([fill(admin), fill(second)])
  await admin.query(index[0]!.text)
  await admin.query('set session_replication_role = origin')
  // What the triggers of the table would have counted.
  await admin.query(
    `insert into private.bot_words (tenant_id, bot_id, word, row_count)
     select t.tenant_id, t.bot_id, w, count(*) from public.bot_training_data as t, unnest(tsvector_to_array(t.search_vector)) as w
     where t.is_active group by t.tenant_id, t.bot_id, w`,
  )
  await admin.query('vacuum analyze public.bot_training_data, private.bot_words')
  return made[0]!
}
