-- Invitations: participants whom a member asks to take an assessment, each by a mail with a link of their own.

select private.register_email_template('participant_invitation', t.locale, 'An invitation to an assessment', t.subject, t.body_html,
  '[{"key": "person", "description": "The name of the participant, or else the address.", "required": true},
    {"key": "campaign", "description": "The name of the campaign.", "required": true},
    {"key": "link", "description": "Where the assessment is taken. Whoever has it can see and change the answers.", "required": true},
    {"key": "expires_on", "description": "The last day of the link.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'onboarding')
from (values
  ('en', '{{tenant}} invites you to “{{campaign}}”',
    '<p>Hello {{person}},</p><p>{{tenant}} invites you to “{{campaign}}”.</p><p><a href="{{link}}">Start</a></p><p>The link is yours alone, and open until {{expires_on}}. You can stop at any time and go on later with it. If you do not know {{tenant}}, ignore this mail.</p>'),
  ('de', '{{tenant}} lädt Sie zu «{{campaign}}» ein',
    '<p>Guten Tag {{person}},</p><p>{{tenant}} lädt Sie zu «{{campaign}}» ein.</p><p><a href="{{link}}">Beginnen</a></p><p>Der Link ist nur für Sie und gilt bis {{expires_on}}. Sie können jederzeit aufhören und mit ihm später weitermachen. Wenn Sie {{tenant}} nicht kennen, lassen Sie diese Mail liegen.</p>'),
  ('fr', '{{tenant}} vous invite à « {{campaign}} »',
    '<p>Bonjour {{person}},</p><p>{{tenant}} vous invite à « {{campaign}} ».</p><p><a href="{{link}}">Commencer</a></p><p>Le lien est à vous seul et valable jusqu’au {{expires_on}}. Vous pouvez vous arrêter à tout moment et continuer plus tard avec lui. Si vous ne connaissez pas {{tenant}}, ignorez ce message.</p>')
) as t (locale, subject, body_html);

create function private.require_invitable(tenant uuid, campaign public.campaigns, emails text[]) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- Each line is one reason why an address cannot be written to.
  reason record;
begin
  if coalesce(cardinality(emails), 0) not between 1 and 50 then
    perform private.raise_problem(422, 'invalid_value', 'Invite between one person and fifty at once.');
  end if;
  for reason in
    with asked as (
      select n - 1 as at, private.normalize_email(e) as address from unnest(emails) with ordinality as u (e, n)
    ), judged as (
      select a.at, case
        when a.address is null then 'invalid'
        when exists (select from asked as o where o.address = a.address and o.at < a.at) then 'twice'
        when private.is_suppressed(tenant, 'email', a.address, false) then 'suppressed'
        -- By what was mailed, because a participant may be removed and invited again.
        when exists (select from private.notification_jobs as j
          where j.tenant_id = require_invitable.tenant and j.channel = 'email' and coalesce(j.user_id::text, j.address) = a.address
            and starts_with(j.idempotency_key, 'assessment invitation ' || campaign.ref_id) and j.created_at > now() - interval '1 hour')
          then 'too_soon' end as verdict
      from asked as a
    )
    select j.verdict, jsonb_agg(jsonb_build_object('pointer', format('/people/%s/email', j.at), 'detail', case j.verdict
      when 'invalid' then 'is not an e-mail address in plain ASCII'
      when 'twice' then 'is in the list twice'
      when 'suppressed' then 'gets no mail of this tenant'
      else 'was invited less than an hour ago' end) order by j.at) as errors
    from judged as j where j.verdict is not null group by j.verdict
    order by array_position('{invalid,twice,suppressed,too_soon}', j.verdict)
    limit 1
  loop
    case reason.verdict
      when 'suppressed' then
        perform private.raise_problem(409, 'address_suppressed',
          'Somebody has unsubscribed from the mails of this tenant, or has no such mailbox. Nobody was invited.', reason.errors);
      when 'too_soon' then
        perform private.raise_problem(429, 'invited_too_soon',
          'Somebody was invited to this campaign less than an hour ago. Nobody was invited. Leave them out, or wait.', reason.errors);
      else
        perform private.raise_problem(422, 'invalid_value', 'Somebody cannot be invited by this address. Nobody was invited.', reason.errors);
    end case;
  end loop;
end
$$;
comment on function private.require_invitable(uuid, public.campaigns, text[]) is
  'Refuses unless all of these may be mailed an invitation to this campaign now. 409 address_suppressed, 422 invalid_value, 429 invited_too_soon.';

-- A definer, because nobody may write a token or a mail directly.
create function private.invite_participants(
  tenant uuid, campaign uuid, mode text, framework_language text, emails text[], full_names text[], locales text[], tokens text[]
) returns table (participant text, is_new boolean)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  chosen public.campaigns;
  invited public.participant_sessions;
  address text;
  page record;
begin
  perform private.require_permission(invite_participants.tenant, 'write');
  perform private.require_feature(invite_participants.tenant, 'assessments');
  -- Those who invite to one campaign at the same time wait for each other here, so that nobody is invited twice.
  select * into chosen from public.campaigns as c
  where c.tenant_id = invite_participants.tenant and c.id = invite_participants.campaign for no key update;
  if not found then
    perform private.raise_problem(404, 'campaign_not_found', 'This tenant has no campaign with this ref_id.');
  elsif not private.is_campaign_open(chosen) then
    perform private.raise_problem(409, 'campaign_not_open', 'This campaign takes no participants now.');
  end if;
  perform private.require_invitable(invite_participants.tenant, chosen, emails);
  select t.slug, t.time_zone, case when b.canonical_quiz_url is not null and b.slug_prefix <> ''
    then rtrim(b.canonical_quiz_url, '/') || '/' || b.slug_prefix else b.canonical_quiz_url end as url into page
  from public.tenants as t join public.tenant_brands as b on b.tenant_id = t.id where t.id = invite_participants.tenant;

  for n in 1 .. cardinality(emails) loop
    address := private.normalize_email(emails[n]);
    -- Only one that was invited: anybody may have given this address to a session of their own.
    update public.participant_sessions as s set
      token_hash = sha256(convert_to(tokens[n], 'UTF8')), invited_at = now(), expires_at = greatest(s.expires_at, now() + interval '30 days'),
      full_name = coalesce(full_names[n], s.full_name), locale = coalesce(locales[n], s.locale)
    where s.tenant_id = chosen.tenant_id and s.id = (
      select o.id from public.participant_sessions as o
      where o.tenant_id = chosen.tenant_id and o.campaign_id = chosen.id and private.fold_email(o.email) = address
        and o.invited_at is not null and o.completed_at is null and o.client_status in ('registered', 'started')
      -- Who was invited by another address may have typed this one. That was with consent.
      order by o.consented_at is not null, o.id limit 1)
    returning s.* into invited;
    is_new := not found;
    if is_new then
      perform private.require_place(chosen.tenant_id, 'participants');
      insert into public.participant_sessions as s (tenant_id, campaign_id, email, full_name, mode, locale, token_hash, invited_at)
      values (chosen.tenant_id, chosen.id, address, full_names[n], invite_participants.mode, locales[n], sha256(convert_to(tokens[n], 'UTF8')), now())
      returning s.* into invited;
    end if;
    perform private.mail_address(chosen.tenant_id, address, 'participant_invitation', jsonb_strip_nulls(jsonb_build_object(
      'person', coalesce(invited.full_name, address), 'campaign', chosen.name, 'session_token', tokens[n], 'campaign_ref', chosen.ref_id,
      'tenant_slug', page.slug, 'quiz_url', page.url, 'expires_on', to_char(invited.expires_at at time zone page.time_zone, 'YYYY-MM-DD'))),
      format('assessment invitation %s %s', chosen.ref_id, gen_random_uuid()),
      locale => private.participant_language(invited.locale, framework_language));
    participant := invited.ref_id;
    return next;
  end loop;
end
$$;
comment on function private.invite_participants(uuid, uuid, text, text, text[], text[], text[], text[]) is
  'Makes a participant of each address, or finds the one that was invited and is not through, and mails a link with this token. All or nobody. 402 limit_reached, 404 campaign_not_found, 409 campaign_not_open, address_suppressed, 422 invalid_value, 429 invited_too_soon.';
grant execute on function private.invite_participants(uuid, uuid, text, text, text[], text[], text[], text[]) to authenticated;
