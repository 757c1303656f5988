-- Listed prices: what providers ask for, in US dollars for a million tokens. A new price is a new row with its moment.

insert into public.model_prices (id, kind, provider, model, effective_at, input_micros, cached_input_micros, cache_write_micros, output_micros)
-- The same id in every database: made of the moment and the name, in the form of a UUIDv7.
select (left(private.first_uuid_at(p.effective_at)::text, 14) || '7' || substr(n.hash, 1, 3) || '-8' || substr(n.hash, 4, 3) || '-' ||
    substr(n.hash, 7, 12))::uuid, 'llm', p.provider, p.model, p.effective_at, p.input * 1000000, p.cached * 1000000, coalesce(p.written, p.input) * 1000000, p.output * 1000000
from (values
  ('openai', 'gpt-4o', timestamptz '2025-01-01Z', 2.5, 1.25, null, 10),
  -- The first version never became cheaper, so it has a row of its own.
  ('openai', 'gpt-4o-2024-05-13', '2025-01-01Z', 5, 5, null, 15),
  ('openai', 'gpt-4o-mini', '2025-01-01Z', 0.15, 0.075, null, 0.6),
  ('openai', 'gpt-4.1', '2025-04-14Z', 2, 0.5, null, 8),
  ('openai', 'gpt-4.1-mini', '2025-04-14Z', 0.4, 0.1, null, 1.6),
  ('openai', 'gpt-4.1-nano', '2025-04-14Z', 0.1, 0.025, null, 0.4),
  ('openai', 'o3', '2025-04-16Z', 10, 2.5, null, 40),
  ('openai', 'o3', '2025-06-10Z', 2, 0.5, null, 8),
  ('openai', 'o4-mini', '2025-04-16Z', 1.1, 0.275, null, 4.4),
  ('openai', 'gpt-5', '2025-08-07Z', 1.25, 0.125, null, 10),
  ('openai', 'gpt-5-mini', '2025-08-07Z', 0.25, 0.025, null, 2),
  ('openai', 'gpt-5-nano', '2025-08-07Z', 0.05, 0.005, null, 0.4),
  ('openai', 'text-embedding-3-small', '2025-01-01Z', 0.02, 0.02, null, 0),
  ('openai', 'text-embedding-3-large', '2025-01-01Z', 0.13, 0.13, null, 0),
  ('anthropic', 'claude-3-5-haiku', '2025-01-01Z', 0.8, 0.08, 1, 4),
  ('anthropic', 'claude-opus-4-1', '2025-08-05Z', 15, 1.5, 18.75, 75),
  ('anthropic', 'claude-sonnet-4-5', '2025-09-29Z', 3, 0.3, 3.75, 15),
  ('anthropic', 'claude-haiku-4-5', '2025-10-15Z', 1, 0.1, 1.25, 5),
  ('anthropic', 'claude-opus-4-5', '2025-11-24Z', 5, 0.5, 6.25, 25),
  ('anthropic', 'claude-sonnet-4-6', '2026-02-17Z', 3, 0.3, 3.75, 15),
  ('google', 'gemini-2.5-flash', '2025-06-17Z', 0.3, 0.075, null, 2.5),
  ('google', 'gemini-2.5-flash-lite', '2025-07-22Z', 0.1, 0.025, null, 0.4),
  ('mistral', 'mistral-large', '2025-01-01Z', 2, 2, null, 6),
  ('mistral', 'mistral-small', '2025-01-01Z', 0.1, 0.1, null, 0.3),
  -- What runs on the tenant's own machine costs nothing by the token. That is a price, and known.
  ('ollama', '*', '2025-01-01Z', 0, 0, null, 0),
  -- The fallback for what nobody has priced: above every price of this list, so that a cap holds for such a model too.
  ('*', '*', '2025-01-01Z', 30, 30, 37.5, 150)
) as p (provider, model, effective_at, input, cached, written, output)
cross join lateral (select md5(p.provider || ' ' || p.model) as hash) as n
on conflict on constraint model_prices_moment_idx do nothing;
