-- Writing: what a language model writes for an assessment. The gate stands here, because here it is asked for.

select private.register_feature('ai_authoring', 'Writing assessments with AI.', '{trial,professional,business,enterprise}',
  'asking for a suggestion for a framework');

-- A definer, because a plan's features are nobody's to read directly.
create function private.require_ai_authoring(tenant uuid) returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_feature(tenant, 'ai_authoring');
end
$$;
comment on function private.require_ai_authoring(uuid) is
  'Refuses with 402 feature_not_in_plan unless the tenant may have texts written by a model. For the edge function, which has checked the caller''s permission.';
grant execute on function private.require_ai_authoring(uuid) to service_role;
