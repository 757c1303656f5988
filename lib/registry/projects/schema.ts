import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId, refIdForm } from '../../db/index.ts'

const slugForm = '[a-z0-9][a-z0-9-]{0,38}[a-z0-9]'
const projectStatuses = ['active', 'archived'] as const

/** A part of a tenant's work. */
export const Project = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(projectStatuses),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Project', description: "A part of a tenant's work, for products that support projects." })

/** The newest first. */
export const projectOrder = keyset('projects', { ref_id: refId })
export const ProjectQuery = z.strictObject(pageParameters(projectOrder))
export const Projects = z
  .strictObject({ projects: z.array(Project), next_cursor: nextCursor })
  .meta({ id: 'Projects' })

const name = z.string().trim().min(1).max(200)
const slug = z
  .string()
  .regex(
    new RegExp(`^${slugForm}$`),
    'must be 2 to 40 characters: lowercase letters a-z, digits and hyphens, with no hyphen at either end',
  )

export const NewProject = z.strictObject({ slug, name }).meta({ id: 'NewProject' })

export const ProjectChange = z
  .strictObject({ slug, name, status: z.enum(projectStatuses) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'ProjectChange' })

/** The path parameter that names a project: its slug or its ref_id. */
export const ProjectPath = z.object({
  project: z.string().regex(new RegExp(`^(${slugForm}|${refIdForm})$`)),
})

export type Project = z.infer<typeof Project>
export type NewProject = z.infer<typeof NewProject>
export type Projects = z.infer<typeof Projects>
export type ProjectQuery = z.output<typeof ProjectQuery>
export type ProjectChange = z.infer<typeof ProjectChange>
