import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  changeProject,
  entitlementsQuery,
  makeProject,
  type Project,
  type ProjectChange,
  projectsQuery,
} from '../../api/projects.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons, CardForm } from '../../parts/card.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { errorsOf } from '../../parts/errors.ts'
import { Field } from '../../parts/field.tsx'
import { List, More, Quiet, Row } from '../../parts/list.tsx'
import { Failure } from '../../parts/notice.tsx'
import { isRefused, Pending } from '../../parts/states.tsx'
import { words } from './words/words.ts'

interface Props {
  slug: string
  mayManage: boolean
}

/** The parts of a tenant's work, where one of its products has projects. */
export function Projects({ slug, mayManage }: Props) {
  const projects = useInfiniteQuery(projectsQuery(slug))
  const entitlements = useQuery(entitlementsQuery(slug))
  const queries = useQueryClient()
  const [renamed, setRenamed] = useState<Project | null>(null)
  const refresh = () => queries.invalidateQueries({ queryKey: projectsQuery(slug).queryKey })
  const changing = useMutation({
    mutationFn: ({ project, change }: { project: Project; change: ProjectChange }) =>
      changeProject(slug, project.ref_id, change),
    onSettled: refresh,
  })

  if (!projects.data || !entitlements.data || isRefused(projects, entitlements))
    return <Pending queries={[projects, entitlements]} />
  const listed = projects.data.pages.flatMap((page) => page.projects)
  const isOffered = entitlements.data.supports_projects
  if (!isOffered && listed.length === 0) return null
  return (
    <section aria-label={words.projects}>
      <h2>{words.projects}</h2>
      <p>{isOffered ? words.projectsLead : words.projectsNotOffered}</p>
      {isOffered && mayManage && <NewProject slug={slug} onMade={refresh} />}
      {changing.error && !renamed && <Failure error={changing.error} />}
      <List>
        {listed.map((project) => (
          <Row
            key={project.ref_id}
            label={project.name}
            main={
              <>
                <strong>{project.name}</strong>
                <Quiet>{project.slug}</Quiet>
              </>
            }
          >
            {project.status === 'archived' && <span>{words.archived}</span>}
            {mayManage && (
              <Buttons>
                <Button
                  look="quiet"
                  onClick={() => {
                    changing.reset()
                    setRenamed(project)
                  }}
                >
                  {words.rename}
                </Button>
                {project.status === 'active' ? (
                  <Button
                    look="quiet"
                    disabled={changing.isPending}
                    onClick={() => changing.mutate({ project, change: { status: 'archived' } })}
                  >
                    {words.archive}
                  </Button>
                ) : (
                  isOffered && (
                    <Button
                      look="quiet"
                      disabled={changing.isPending}
                      onClick={() => changing.mutate({ project, change: { status: 'active' } })}
                    >
                      {words.openAgain}
                    </Button>
                  )
                )}
              </Buttons>
            )}
          </Row>
        ))}
      </List>
      <More pages={projects} />
      {renamed && (
        <Rename
          project={renamed}
          isPending={changing.isPending}
          error={changing.error}
          onName={(name) =>
            changing.mutate({ project: renamed, change: { name } }, { onSuccess: () => setRenamed(null) })
          }
          onClose={() => setRenamed(null)}
        />
      )}
    </section>
  )
}

function NewProject({ slug, onMade }: { slug: string; onMade: () => void }) {
  const [name, setName] = useState('')
  const [handle, setHandle] = useState('')
  const making = useMutation({
    mutationFn: () => makeProject(slug, { name, slug: handle }),
    onSuccess: () => {
      setName('')
      setHandle('')
      onMade()
    },
  })
  const errors = errorsOf(making.error, ['/name', '/slug'])
  return (
    <CardForm title={words.newProject} isPending={making.isPending} onSubmit={making.mutate}>
      <Field
        name="/name"
        label={words.projectName}
        required
        maxLength={200}
        value={name}
        onValue={setName}
        error={errors.at('/name')}
      />
      <Field
        name="/slug"
        label={words.projectSlug}
        hint={words.projectSlugHint}
        required
        maxLength={40}
        autoCapitalize="none"
        spellCheck={false}
        value={handle}
        onValue={setHandle}
        error={errors.at('/slug')}
      />
      {errors.rest && <Failure error={errors.rest} />}
      <Button type="submit" disabled={making.isPending}>
        {making.isPending ? words.working : words.makeProject}
      </Button>
    </CardForm>
  )
}

interface RenameProps {
  project: Project
  isPending: boolean
  error: Error | null
  onName: (name: string) => void
  onClose: () => void
}

function Rename({ project, isPending, error, onName, onClose }: RenameProps) {
  const [name, setName] = useState(project.name)
  const errors = errorsOf(error, ['/name'])
  return (
    <Dialog title={words.renameTitle(project.name)} lead={words.renameLead} isOpen onClose={onClose}>
      <CardForm isPending={isPending} onSubmit={() => onName(name)}>
        <Field
          name="/name"
          label={words.projectName}
          required
          maxLength={200}
          value={name}
          onValue={setName}
          error={errors.at('/name')}
        />
        {errors.rest && <Failure error={errors.rest} />}
        <Buttons>
          <Button type="submit" disabled={isPending || name === project.name}>
            {words.save}
          </Button>
          <Button look="quiet" onClick={onClose}>
            {words.cancel}
          </Button>
        </Buttons>
      </CardForm>
    </Dialog>
  )
}
