-- Writing: what a language model writes for an assessment. The gate stands here, because here it is asked for.

select private.register_feature('ai_authoring', 'Writing assessments with AI.', '{trial,professional,business,enterprise}',
  'asking for a suggestion for a framework');

-- A definer, because a plan's features are nobody's to read directly.
create function private.require_ai_authoring(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- First, so that a stranger hears nothing of the plan.
  perform private.require_permission(tenant, 'manage');
  perform private.require_feature(tenant, 'ai_authoring');
end
$$;
comment on function private.require_ai_authoring(uuid) is
  'Refuses unless the caller may have texts for this tenant written by a model: 402 feature_not_in_plan, and what require_permission() refuses.';
grant execute on function private.require_ai_authoring(uuid) to authenticated;
