-- Model prices: what a model or a tool costs, from which moment on. The past is never rewritten.

create table public.model_prices (
  id uuid primary key default private.uuid_v7(),
  kind public.call_kind not null,
  provider text not null,
  model text not null,
  effective_at timestamptz not null,
  input_micros bigint not null default 0,
  cached_input_micros bigint not null default 0,
  cache_write_micros bigint not null default 0,
  output_micros bigint not null default 0,
  call_micros bigint not null default 0,
  currency char(3) not null default 'USD',
  created_at timestamptz not null default now(),
  -- The key by which a price is found: the newest row that is not after the moment.
  constraint model_prices_moment_idx unique (kind, provider, model, effective_at),
  constraint price_provider_is_a_word check (provider ~ '^([a-z0-9][a-z0-9_.-]{0,99}|\*)$'),
  constraint price_model_is_lowercase check (length(model) between 1 and 255 and private.is_plain_text(model, 255) and model = lower(model)),
  constraint fallback_is_of_every_model check (provider <> '*' or model = '*'),
  constraint prices_in_range check (input_micros between 0 and 10000000000 and cached_input_micros between 0 and 10000000000
    and cache_write_micros between 0 and 10000000000 and output_micros between 0 and 10000000000 and call_micros between 0 and 10000000000),
  constraint tool_is_priced_by_call check (kind = 'llm' or input_micros + cached_input_micros + cache_write_micros + output_micros = 0),
  constraint priced_in_us_dollars check (currency = 'USD')
);
comment on table public.model_prices is
  'What a model or a tool costs, from effective_at until the next row. Tokens: in millionths of a US dollar for a million of them. A price that was ever in effect is never changed.';
comment on column public.model_prices.provider is 'Who is paid; of a tool its name. * in provider and model is the fallback for what nobody has priced.';
comment on column public.model_prices.model is 'In lowercase; of a tool its method. * is every model of the provider without a row of its own.';
comment on column public.model_prices.call_micros is 'What each call costs beside its tokens.';

create function private.tg_keep_prices() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if old.effective_at > clock_timestamp() then
    return case tg_op when 'DELETE' then old else new end;
  end if;
  raise exception 'model_prices keeps every price that was in effect. Add a row with a later effective_at.';
end
$$;
create trigger model_prices_keep before update or delete on public.model_prices
  for each row execute function private.tg_keep_prices();
create trigger model_prices_refuse_truncate before truncate on public.model_prices
  for each statement execute function private.tg_refuse_change();
alter table public.model_prices enable always trigger model_prices_keep;
alter table public.model_prices enable always trigger model_prices_refuse_truncate;

create function private.model_family(model text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return regexp_replace(model, '[-@](20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|latest)$', '');
end
$$;
comment on function private.model_family(text) is
  'The model of which a dated name is one version: gpt-4o of gpt-4o-2024-08-06. Other names stay as they are.';

create function private.find_model_price(
  kind public.call_kind, provider text, model text, at timestamptz default clock_timestamp()
) returns public.model_prices
  language plpgsql stable
  set search_path = ''
as $$
declare
  name text := lower(find_model_price.model);
  family text := private.model_family(lower(find_model_price.model));
  price public.model_prices;
begin
  -- The exact name first, because a version may have a price of its own. Then its family, then all of the provider.
  select p.* into price
  from unnest(array[lower(find_model_price.provider), lower(find_model_price.provider), lower(find_model_price.provider), '*'],
    array[name, family, '*', '*']) with ordinality as w (provider, model, n)
  cross join lateral (
    select m.* from public.model_prices as m
    where m.kind = find_model_price.kind and m.provider = w.provider and m.model = w.model and m.effective_at <= find_model_price.at
    order by m.effective_at desc limit 1) as p
  order by w.n limit 1;
  return price;
end
$$;
comment on function private.find_model_price(public.call_kind, text, text, timestamptz) is
  'The price of a model at a moment: of its exact name, else of its name without a date, else of its provider. The fallback, whose provider is *, if nobody has priced it. Null if there is no fallback.';

create function private.price_call(
  price public.model_prices, input_tokens bigint, cached_tokens bigint, cache_write_tokens bigint, output_tokens bigint
) returns bigint
  language plpgsql immutable
  set search_path = ''
as $$
begin
  -- Rounded up, so that no call with a price is free.
  return price.call_micros + ceil(((input_tokens - cached_tokens - cache_write_tokens)::numeric * price.input_micros
    + cached_tokens::numeric * price.cached_input_micros + cache_write_tokens::numeric * price.cache_write_micros
    + output_tokens::numeric * price.output_micros) / 1000000)::bigint;
end
$$;
comment on function private.price_call(public.model_prices, bigint, bigint, bigint, bigint) is
  'What a call costs at a price, in millionths of a US dollar. input_tokens holds the cached ones and those written to the cache.';

-- A definer, because even the service holds no grant to write prices: a price goes through these rules.
create function private.set_model_price(
  kind public.call_kind, provider text, model text, input_micros bigint default 0, output_micros bigint default 0,
  cached_input_micros bigint default null, cache_write_micros bigint default null, call_micros bigint default 0,
  effective_at timestamptz default null
) returns public.model_prices
  language plpgsql security definer
  set search_path = ''
as $$
declare
  price public.model_prices;
  starts_at timestamptz := coalesce(set_model_price.effective_at, clock_timestamp());
begin
  if set_model_price.provider is null or length(set_model_price.provider) > 100
    or set_model_price.provider !~ '^([a-z0-9][a-z0-9_.-]{0,99}|\*)$' then
    perform private.raise_problem(422, 'invalid_value', 'A provider is a word in lowercase, or * for the fallback.',
      '[{"pointer": "/provider", "detail": "must be a word of at most 100 lowercase letters, digits and _ . -"}]');
  end if;
  perform private.require_call_text('model', set_model_price.model, 255, is_needed => true);
  if set_model_price.provider = '*' and set_model_price.model <> '*' then
    perform private.raise_problem(422, 'invalid_value', 'The fallback is for every model.', '[{"pointer": "/model", "detail": "must be * with the provider *"}]');
  end if;
  perform private.require_call_number(n.field, n.value, 10000000000, n.is_needed)
  from (values ('input_micros', set_model_price.input_micros, true), ('output_micros', set_model_price.output_micros, true),
    ('cached_input_micros', set_model_price.cached_input_micros, false), ('cache_write_micros', set_model_price.cache_write_micros, false),
    ('call_micros', set_model_price.call_micros, true)) as n (field, value, is_needed);
  if set_model_price.kind = 'tool' and greatest(set_model_price.input_micros, set_model_price.output_micros,
    set_model_price.cached_input_micros, set_model_price.cache_write_micros) > 0 then
    perform private.raise_problem(422, 'invalid_value', 'A tool has a price for each call and none for tokens.', '[{"pointer": "/kind", "detail": "has no tokens"}]');
  end if;
  -- What calls were priced by stays what it was.
  if set_model_price.effective_at < clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'A price begins now or later. The past is never rewritten.',
      '[{"pointer": "/effective_at", "detail": "lies in the past"}]');
  end if;
  insert into public.model_prices as p (kind, provider, model, effective_at, input_micros, cached_input_micros, cache_write_micros, output_micros, call_micros)
  values (set_model_price.kind, set_model_price.provider, lower(set_model_price.model), starts_at, set_model_price.input_micros,
    coalesce(set_model_price.cached_input_micros, set_model_price.input_micros),
    coalesce(set_model_price.cache_write_micros, set_model_price.input_micros), set_model_price.output_micros, set_model_price.call_micros)
  -- A price that has not begun may be said again.
  on conflict on constraint model_prices_moment_idx do update set (input_micros, cached_input_micros, cache_write_micros, output_micros, call_micros) =
    (excluded.input_micros, excluded.cached_input_micros, excluded.cache_write_micros, excluded.output_micros, excluded.call_micros)
  returning p.* into price;
  return price;
end
$$;
comment on function private.set_model_price(public.call_kind, text, text, bigint, bigint, bigint, bigint, bigint, timestamptz) is
  'Sets the price of a model or a tool, from now or from a later moment on. For the service. Cached tokens cost as much as others unless said otherwise.';
grant execute on function private.set_model_price(public.call_kind, text, text, bigint, bigint, bigint, bigint, bigint, timestamptz) to service_role;

alter table public.model_prices enable row level security;
-- The price list belongs to no tenant.
create policy "everyone signed in reads the prices of models" on public.model_prices
  for select to authenticated using (true);
grant select on public.model_prices to authenticated, service_role;

select private.register_table('public.model_prices', plain => '{provider,model,currency}', unaudited => 'append-only, so it is a record itself');
