import { type Asker, type Db, Problem, serviceFor, sql } from '../../db/index.ts'
import type { ClientBio, ClientBioChange } from './bio-schema.ts'

const bioColumns = sql`
  b.headline, b.background, b.goals, b.notes, private.ulid(b.revision) as revision,
  private.ulid(coalesce(b.updated_by, b.created_by)) as updated_by, b.created_at, b.updated_at`

/** The bio of a participant. 404 participant_not_found, or not_found if there is none. */
export async function readBio(db: Db, tenantId: string, participant: string): Promise<ClientBio> {
  const bio = await findBio(db, tenantId, participant)
  if (!bio) throw new Problem('not_found', 'This participant has no bio.')
  return bio
}

/**
 * Writes the whole bio. `expected` is the revision that is replaced, and "0" if there is none. 404 participant_not_found, 412
 * bio_changed.
 */
export function saveBio(
  { claims, headers }: Asker,
  tenantId: string,
  participant: string,
  expected: string,
  { headline, background, goals, notes }: ClientBioChange,
): Promise<ClientBio> {
  const values = sql`${headline || null}::text, ${background || null}::text, ${goals || null}::text, ${notes || null}::text`
  return serviceFor(claims, headers).transaction(async (tx) => {
    const written =
      expected === '0'
        ? await tx.query(sql`
            insert into public.client_bios (tenant_id, session_id, headline, background, goals, notes)
            select s.tenant_id, s.id, ${values} from public.participant_sessions as s
            where s.tenant_id = ${tenantId} and s.ref_id = ${participant}
            on conflict (tenant_id, session_id) do nothing returning 1`)
        : await tx.query(sql`
            update public.client_bios as b
            set (headline, background, goals, notes, revision) = (select ${values}, private.uuid_v7())
            where ${isBioOf(tenantId, participant)} and private.ulid(b.revision) = ${expected} returning 1`)
    const bio = await findBio(tx, tenantId, participant)
    if (written.length === 0 || !bio) throw changed(bio)
    return bio
  })
}

/** 404 participant_not_found, or not_found if there is none; 412 bio_changed. */
export function deleteBio(
  { claims, headers }: Asker,
  tenantId: string,
  participant: string,
  expected: string,
): Promise<void> {
  return serviceFor(claims, headers).transaction(async (tx) => {
    const gone = await tx.query(sql`
      delete from public.client_bios as b
      where ${isBioOf(tenantId, participant)} and private.ulid(b.revision) = ${expected} returning 1`)
    if (gone.length === 0) throw changed(await readBio(tx, tenantId, participant))
  })
}

const isBioOf = (tenantId: string, participant: string) => sql`
  b.tenant_id = ${tenantId} and b.session_id = (
    select s.id from public.participant_sessions as s where s.tenant_id = ${tenantId} and s.ref_id = ${participant})`

async function findBio(db: Db, tenantId: string, participant: string): Promise<ClientBio | undefined> {
  const [row] = await db.query<ClientBio | { revision: null }>(sql`
    select ${bioColumns} from public.participant_sessions as s
    left join public.client_bios as b on b.tenant_id = s.tenant_id and b.session_id = s.id
    where s.tenant_id = ${tenantId} and s.ref_id = ${participant}`)
  if (!row) throw new Problem('participant_not_found', 'This tenant has no participant with this ref_id.')
  return row.revision === null ? undefined : row
}

function changed(bio: ClientBio | undefined): Problem {
  return new Problem('bio_changed', 'Somebody else has changed the bio in the meantime. Read it again.', {
    members: { revision: bio?.revision ?? null },
  })
}
