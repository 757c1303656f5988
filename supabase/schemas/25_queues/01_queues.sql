-- Queues: what is sent to somebody else's server, how often it is tried, and whose turn it is.

-- An item of a queue goes to a lane, and a lane belongs to a tenant. A domain registers its queue, keeps its lanes, and puts
-- items into it. The item's id leads to the domain's own row, which says what is sent.
create table private.queues (
  queue text collate "C" primary key,
  -- The path of the edge function that runs a dispatcher.
  dispatch_path text not null,
  -- After each failed attempt. After one attempt more than there are waits, the item dies.
  retry_waits interval[] not null,
  -- Holds what a dispatcher has yet to turn into items.
  outbox regclass,
  constraint queue_is_a_word check (queue ~ '^[a-z][a-z_]{1,39}$'),
  constraint dispatch_path_is_a_path check (dispatch_path ~ '^(/[a-z-]+)+$')
);
comment on table private.queues is 'The queues of the domains: webhooks and others that send to servers which may be slow, or gone.';

create type private.queue_outcome as enum (
  'succeeded',
  'failed', -- it is tried again, while attempts are left
  'postponed', -- it is tried again after wait_seconds, which is no attempt, and its lane is not to blame
  'dropped' -- it is not tried again, and its lane is not to blame
);

create type private.queue_result as (
  tenant_id uuid,
  lane_id uuid,
  item_id uuid,
  lease_id uuid,
  attempt_number int,
  ordering_key text,
  outcome private.queue_outcome,
  duration_ms int,
  -- The receiver asked for a pause of this many seconds.
  block_seconds int,
  -- The receiver asked for nothing more, and why.
  stop_reason text,
  -- How long what is postponed waits.
  wait_seconds int
);
comment on type private.queue_result is 'The result of one leased item, as a dispatcher reports it.';

-- Postgres inlines it, because it has no search_path and uses only functions of pg_catalog.
create function private.retry_wait(waits interval[], attempt int) returns interval
  language sql volatile
as $$
  -- A little later than the schedule and never earlier, so that items that failed together are not sent together.
  select waits[attempt] * (1 + random() * 0.1)
$$;
comment on function private.retry_wait(interval[], int) is 'How long to wait after this many failed attempts. Null after the last one.';

select private.register_table('private.queues', plain => '{queue,dispatch_path}', unaudited => 'changed by migrations only');
