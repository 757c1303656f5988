import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import {
  type NewProject,
  type Project,
  type ProjectChange,
  type ProjectQuery,
  type Projects,
  projectOrder,
} from './schema.ts'

const projectColumns = sql`p.ref_id, p.slug, p.name, p.status, p.created_at, p.updated_at`

/** A page of a tenant's projects, the newest first. */
export async function listProjects(
  db: Db,
  tenantId: string,
  { limit, cursor }: ProjectQuery,
): Promise<Projects> {
  const { rows, next_cursor } = await readPage<Project>(
    db,
    projectOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${projectColumns}
    from public.tenant_projects as p
    where p.tenant_id = ${tenantId}
      and (${cursor?.ref_id}::text is null or p.id < private.ulid_to_uuid(${cursor?.ref_id}))
    order by p.id desc limit ${rowCount}`,
  )
  return { projects: rows, next_cursor }
}

/** One project, by its slug or ref_id. 404 not_found. */
export async function readProject(db: Db, tenantId: string, name: string): Promise<Project> {
  // A ref_id has capital letters and a slug never has, so one name cannot mean two projects.
  const [project] = await db.query<Project>(sql`
    select ${projectColumns}
    from public.tenant_projects as p where p.tenant_id = ${tenantId} and (p.slug = ${name} or p.ref_id = ${name})`)
  if (!project) throw new Problem('not_found', 'This tenant has no project with this slug or ref_id.')
  return project
}

/** Creates a project. 402 product_not_granted if no product of the tenant supports projects; 409 project_slug_taken. */
export function createProject(db: Db, tenantId: string, { slug, name }: NewProject): Promise<Project> {
  return db.transaction(async (tx) => {
    // The policy checks this too, but it could not say why it refuses.
    await tx.query(sql`select private.require_project_support(${tenantId})`)
    await tx.query(sql`
      insert into public.tenant_projects (tenant_id, slug, name) values (${tenantId}, ${slug}, ${name})`)
    return readProject(tx, tenantId, slug)
  })
}

/** Changes the named fields. 404 not_found; 409 project_slug_taken; 402 as on creation, if it reopens a project. */
export function updateProject(
  db: Db,
  tenantId: string,
  name: string,
  change: ProjectChange,
): Promise<Project> {
  return db.transaction(async (tx) => {
    const { ref_id: ref } = await readProject(tx, tenantId, name)
    await tx.query(sql`
      update public.tenant_projects as p
      set slug = coalesce(${change.slug}, p.slug), name = coalesce(${change.name}, p.name),
        status = coalesce(${change.status}, p.status)
      where p.tenant_id = ${tenantId} and p.ref_id = ${ref}`)
    return readProject(tx, tenantId, ref)
  })
}
