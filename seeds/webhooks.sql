-- Webhooks: a polling endpoint, because it works without a network.

insert into public.webhook_endpoints (tenant_id, kind, description, event_types, secret_id)
select t.id, 'poll', 'The studio''s CRM, which stands behind a firewall', '{participant_session.created,participant_session.completed}',
  vault.create_secret('whsec_' || encode(extensions.gen_random_bytes(32), 'base64'), null, 'signing secret of a webhook endpoint')
from public.tenants as t
where t.slug = 'moneystory';
