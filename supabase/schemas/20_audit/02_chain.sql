-- The chain: each audit row has the hash of the row before, so a change or a gap can be found.

-- The hash is made of a JSON array of texts and nulls without spaces. JSON is unambiguous and every language
-- can write it. One value cannot be read as two, nor a null as an empty text.
create function private.audit_hash(event public.audit_log) returns text
  language plpgsql stable
  set search_path = ''
as $$
begin
  return encode(sha256(convert_to(array_to_json(array[
    'tenantry-audit-1', event.tenant_id::text, event.seq::text, event.id::text, event.project_id::text,
    event.actor_id, event.actor_name, event.actor_type::text, event.action, event.crud::text,
    event.target_id, event.target_type, event.target_name, event.product, event.component, event.description,
    event.is_failure::text, event.is_anonymous::text, event.metadata::text, event.payload_hash,
    host(event.source_ip), event.user_agent, event.request_id,
    (extract(epoch from event.created_at) * 1000000)::bigint::text, event.prev_hash])::text, 'UTF8')), 'hex');
end
$$;
comment on function private.audit_hash(public.audit_log) is 'SHA-256 over every field of an audit row and the hash of the row before. docs/audit.md explains it in words.';

-- A definer, because only this function may write to the chain.
create function private.tg_chain_audit() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  events private.audit_pending[];
  event private.audit_pending;
  chained public.audit_log;
  head private.audit_heads;
begin
  -- It fires for every event. The first call handles all events of its transaction.
  perform from private.audit_pending as p where p.xact = new.xact and p.n = new.n;
  if not found then
    return null;
  end if;
  with gone as (delete from private.audit_pending as p where p.xact = new.xact returning p as event)
  -- Sorted by tenant, so that transactions with several tenants lock their heads in one order.
  select array_agg(g.event order by (g.event).tenant_id, (g.event).n) into events from gone as g;

  foreach event in array events loop
    if head.tenant_id is distinct from event.tenant_id then
      if head.tenant_id is not null then
        update private.audit_heads as h set seq = head.seq, hash = head.hash where h.tenant_id = head.tenant_id;
      end if;
      select * into head from private.audit_heads as h where h.tenant_id = event.tenant_id for no key update;
      if not found then
        insert into private.audit_heads (tenant_id) values (event.tenant_id) on conflict do nothing;
        select * into head from private.audit_heads as h where h.tenant_id = event.tenant_id for no key update;
      end if;
    end if;
    chained := (event.tenant_id, head.seq + 1, event.id, event.project_id, event.actor_id, event.actor_name, event.actor_type,
      event.action, event.crud, event.target_id, event.target_type, event.target_name, event.product, event.component,
      event.description, event.is_failure, event.is_anonymous, event.metadata,
      encode(sha256(convert_to(event.metadata::text, 'UTF8')), 'hex'), event.source_ip, event.user_agent, event.request_id,
      event.created_at, head.hash, '');
    chained.hash := private.audit_hash(chained);
    insert into public.audit_log select chained.*;
    head.seq := chained.seq;
    head.hash := chained.hash;
  end loop;
  update private.audit_heads as h set seq = head.seq, hash = head.hash where h.tenant_id = head.tenant_id;
  return null;
end
$$;
create constraint trigger audit_pending_chain after insert on private.audit_pending
  deferrable initially deferred for each row execute function private.tg_chain_audit();

create function private.find_audit_break(tenant uuid, after_seq bigint default 0, after_hash text default null, batch int default 20000)
  returns table (last_seq bigint, last_hash text, is_end boolean, break_seq bigint, problem text)
  language plpgsql stable
  set search_path = ''
as $$
declare
  event public.audit_log;
  head private.audit_heads;
  seen int := 0;
begin
  last_seq := after_seq;
  last_hash := coalesce(after_hash, repeat('0', 64));
  is_end := false;
  for event in
    select * from public.audit_log as a where a.tenant_id = tenant and a.seq > after_seq order by a.seq limit batch
  loop
    seen := seen + 1;
    problem := case
      when event.seq <> last_seq + 1 then 'gap'
      when event.hash <> private.audit_hash(event) then 'hash_mismatch'
      when event.payload_hash <> encode(sha256(convert_to(event.metadata::text, 'UTF8')), 'hex') then 'payload_mismatch'
      when event.prev_hash <> last_hash then 'wrong_prev' end;
    if problem is not null then
      break_seq := case when problem = 'gap' then last_seq + 1 else event.seq end;
      return next;
      return;
    end if;
    last_seq := event.seq;
    last_hash := event.hash;
  end loop;

  is_end := seen < batch;
  if is_end then
    select * into head from private.audit_heads as h where h.tenant_id = tenant;
    problem := case
      when head.tenant_id is null then 'head_missing'
      when head.seq > last_seq then 'tail_cut'
      when head.seq < last_seq then 'beyond_head'
      when head.hash <> last_hash then 'head_mismatch' end;
    break_seq := case problem
      when 'tail_cut' then last_seq + 1
      when 'beyond_head' then head.seq + 1
      when 'head_mismatch' then last_seq end;
  end if;
  return next;
end
$$;
comment on function private.find_audit_break(uuid, bigint, text, int) is
  'Checks a batch of a tenant''s chain, starting after a given row. Returns how far it got, whether that is the end, and the first break it found.';
