-- The portal: what a page in a frame shows of a tenant's webhooks, and what it may do with them.

select private.register_portal('webhooks', 'The webhook endpoints of the tenant, and what became of their messages.',
  '{endpoints:read,event_types:read,deliveries:read}', '{endpoints:write,replays:write}');
