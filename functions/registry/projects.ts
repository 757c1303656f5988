import { Hono } from 'hono'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  createProject,
  listProjects,
  NewProject,
  Project,
  ProjectChange,
  ProjectPath,
  ProjectQuery,
  Projects,
  readProject,
  updateProject,
} from '../../lib/registry/index.ts'

const read = router({ auth: 'member', permission: 'read', tenant: 'path' })
  .get(
    '/',
    describeRoute("List a tenant's projects, the newest first", {
      200: { description: 'A page of them.', schema: Projects },
    }),
    query(ProjectQuery),
    async (c) => c.json(await listProjects(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:project',
    describeRoute('Read a project, by its slug or ref_id', {
      200: { description: 'The project.', schema: Project },
    }),
    params(ProjectPath),
    async (c) => c.json(await readProject(c.var.db, c.var.tenant.id, c.req.valid('param').project)),
  )

const manage = router({ auth: 'member', permission: 'manage', tenant: 'path' })
  .post(
    '/',
    describeRoute(
      'Create a project, if a product of the tenant supports projects',
      { 201: { description: 'Made.', schema: Project } },
      ['product_not_granted', 'project_slug_taken'],
    ),
    body(NewProject),
    async (c) => c.json(await createProject(c.var.db, c.var.tenant.id, c.req.valid('json')), 201),
  )
  .patch(
    '/:project',
    describeRoute(
      'Rename a project, archive it, or open it again',
      { 200: { description: 'The changed project.', schema: Project } },
      ['product_not_granted', 'project_slug_taken'],
    ),
    params(ProjectPath),
    body(ProjectChange),
    async (c) =>
      c.json(
        await updateProject(c.var.db, c.var.tenant.id, c.req.valid('param').project, c.req.valid('json')),
      ),
  )

export const projects = new Hono().route('/', read).route('/', manage)
