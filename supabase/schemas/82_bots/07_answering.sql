-- Answering: what a bot needs to know before it answers somebody.

create function private.bot_stop(tenant public.tenants, bot public.bot_tenants, settings public.bot_control_settings) returns text
  language sql stable
  set search_path = ''
as $$
  select case
    when not private.is_writable(tenant.status, tenant.trial_ends_at) or tenant.contract_pending_at is not null then 'tenant_not_active'
    when not private.has_feature(tenant.id, 'bots') then 'feature_not_in_plan'
    when bot.switched_off_at is not null then 'switched_off'
    when not bot.is_active then 'not_active'
    when not settings.is_bot_enabled then 'not_enabled' end
$$;
comment on function private.bot_stop(public.tenants, public.bot_tenants, public.bot_control_settings) is 'Why a bot answers nobody now. Null: it answers.';

-- A definer, and for the service alone: it reads the key of the model.
create function private.read_answering_bot(tenant uuid, bot uuid, level int default 0)
  returns table (stop text, client_name text, business_profile jsonb, brand jsonb, locale text, enable_ai_responses boolean,
    enable_training_mode boolean, ai_base_url text, ai_model text, ai_api_key text, templates jsonb)
  language sql stable security definer
  set search_path = ''
as $$
  select private.bot_stop(t, b, s), b.client_name, b.business_profile,
    jsonb_strip_nulls(jsonb_build_object('name', r.display_name, 'website', r.website_url, 'booking', r.booking_url)),
    left(t.locale, 2), s.enable_ai_responses, s.enable_training_mode, b.ai_base_url, b.ai_model,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select v.decrypted_secret from vault.decrypted_secrets as v where v.id = b.ai_api_key_secret_id),
    (select coalesce(jsonb_agg(jsonb_build_object('ref_id', p.ref_id, 'template_name', p.template_name, 'system_prompt', p.system_prompt,
        'conversation_context', p.conversation_context, 'tone', p.tone, 'max_response_length', p.max_response_length, 'is_default', p.is_default)
        order by p.id), '[]')
      from public.bot_templates as p where p.tenant_id = b.tenant_id and p.bot_id = b.id and p.is_active and p.min_level <= read_answering_bot.level)
  from public.bot_tenants as b
  join public.tenants as t on t.id = b.tenant_id
  join public.bot_control_settings as s on s.tenant_id = b.tenant_id and s.bot_id = b.id
  left join public.tenant_brands as r on r.tenant_id = b.tenant_id
  where b.tenant_id = read_answering_bot.tenant and b.id = read_answering_bot.bot
$$;
comment on function private.read_answering_bot(uuid, uuid, int) is
  'What a bot needs to answer: the shop, the templates for somebody of this level, the settings and its model with the key. stop says why it answers nobody now. Only for the service.';
grant execute on function private.read_answering_bot(uuid, uuid, int) to service_role;
