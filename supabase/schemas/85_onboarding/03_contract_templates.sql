-- Contract templates: the words of the contract, by version.

create table private.contract_templates (
  version text primary key,
  body text not null,
  created_at timestamptz not null default now(),
  constraint template_version_is_a_number check (version ~ '^v[0-9]{1,4}(\.[0-9]{1,4}){0,2}$'),
  constraint template_is_short check (length(body) between 1 and 100000)
);
comment on table private.contract_templates is
  'Every version of the contract that was ever published. It never changes: contracts refer to it. The one that was published last is used for new tenants.';
create trigger contract_templates_never_change before update or delete on private.contract_templates
  for each row execute function private.tg_refuse_change();

create function private.contract_placeholders() returns text[]
  language sql immutable
  set search_path = ''
as $$ select '{legal_name,brand_name,address,country,state,pan_number,gst_number,plan,price,made_on,reference}'::text[] $$;
comment on function private.contract_placeholders() is 'What a template may leave open.';

-- A definer: the table is granted to nobody.
create function private.publish_contract_template(version text, body text) returns timestamptz
  language plpgsql security definer
  set search_path = ''
as $$
declare
  known text[] := private.contract_placeholders();
  named text[];
  before private.contract_templates;
  published timestamptz;
begin
  if length(publish_contract_template.body) > 100000 then
    perform private.raise_problem(422, 'invalid_value', 'A template has at most 100,000 characters.');
  end if;
  -- Braces that are no placeholder would stand in the contract as they are.
  named := array(select distinct m[1] from regexp_matches(publish_contract_template.body, '\{\{([^{}]*)\}\}', 'g') as m order by 1);
  if not named <@ known or regexp_replace(publish_contract_template.body, '\{\{[^{}]*\}\}', '', 'g') ~ '[{}]' then
    perform private.raise_problem(422, 'invalid_value', format('The placeholders of a contract are: %s.', array_to_string(known, ', ')),
      '[{"pointer": "/markdown", "detail": "has a placeholder that is none, or a brace that stands alone"}]');
  elsif not named @> '{legal_name,reference}' then
    perform private.raise_problem(422, 'invalid_value', 'A contract names the company and its own reference.',
      '[{"pointer": "/markdown", "detail": "must have {{legal_name}} and {{reference}}"}]');
  end if;
  select * into before from private.contract_templates as t where t.version = publish_contract_template.version;
  if found and before.body = publish_contract_template.body then
    return before.created_at;
  elsif found then
    perform private.raise_problem(409, 'conflict', 'This version was published with other words. Give these words a version of their own.');
  end if;
  insert into private.contract_templates (version, body) values (publish_contract_template.version, publish_contract_template.body)
  returning created_at into published;
  return published;
end
$$;
comment on function private.publish_contract_template(text, text) is
  'Publishes the words of the contracts that are made from now on. Nobody is asked to accept anew. 409 conflict for a version with other words; 422 for a placeholder that is none.';
grant execute on function private.publish_contract_template(text, text) to service_role;

-- The file contracts/master-contract.md, without its front matter.
select private.publish_contract_template('v1.0', $contract$# Service agreement

Between the platform and **{{legal_name}}**, which does business as {{brand_name}}, {{address}}, {{country}}.
PAN {{pan_number}}, GSTIN {{gst_number}}.

## 1. What is agreed

The platform gives {{brand_name}} the use of its service in the plan {{plan}}, for {{price}} a month.

## 2. Data

- The data of {{brand_name}} belongs to {{brand_name}}. It can be taken along at any time, also after the end.
- Each party keeps secret what it learns of the other.
- The platform keeps a log of every change, which {{brand_name}} can verify.

## 3. Payment

A month is paid in advance. A month that is not paid within seven days closes the service to changes. Nothing is deleted
by that.

## 4. The end

Either party ends this agreement by cancelling the subscription. What is paid is used to its end.

## 5. Acceptance

This agreement holds from the moment at which an owner or an administrator of {{brand_name}} accepts it in the
application. Reference {{reference}}, made on {{made_on}}.
$contract$);

select private.register_table('private.contract_templates', plain => '{version,body}', unaudited => 'published by the platform, and never changed');
