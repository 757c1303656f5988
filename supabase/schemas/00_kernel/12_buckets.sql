-- Buckets: which buckets of Storage hold files of tenants, and who knows which files are still needed.

create table private.registered_buckets (
  bucket text primary key,
  keeps text not null,
  constraint bucket_is_a_word check (bucket ~ '^[a-z][a-z_]{1,40}$'),
  constraint keeps_is_a_word check (keeps ~ '^[a-z][a-z_]{1,60}$')
);
comment on table private.registered_buckets is
  'Buckets whose files belong to tenants. The path of each file begins with the ref_id of its tenant. register_bucket() writes it.';

create function private.register_bucket(bucket text, keeps text) returns void
  language sql volatile
  set search_path = ''
as $$
  insert into private.registered_buckets as b (bucket, keeps) values (register_bucket.bucket, register_bucket.keeps)
  on conflict on constraint registered_buckets_pkey do update set keeps = excluded.keeps
$$;
comment on function private.register_bucket(text, text) is
  'Adds a bucket to those that the sweep clears. private.<keeps>(tenant uuid, name text) says whether a row of the tenant knows a file.';

select private.register_table('private.registered_buckets', plain => '{bucket,keeps}', unaudited => 'changed by migrations only');
