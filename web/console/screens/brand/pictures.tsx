import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ChangeEvent, useId } from 'react'
import {
  type Brand,
  type BrandChange,
  brandQuery,
  type Picture,
  saveBrand,
  uploadPicture,
  type VersionedBrand,
} from '../../api/brand.ts'
import { project } from '../../api/project.ts'
import { Button } from '../../parts/button.tsx'
import { Buttons } from '../../parts/card.tsx'
import { Failure } from '../../parts/notice.tsx'
import styles from './brand.module.css'
import { words } from './words/words.ts'

interface Kind {
  picture: Picture
  label: string
  urlOf: (brand: Brand) => string | null | undefined
  /** What takes it away. */
  nothing: BrandChange
}

const kinds: Kind[] = [
  {
    picture: 'logo',
    label: words.logo,
    urlOf: ({ brand }) => brand.logo?.url,
    nothing: { brand: { logo: null } },
  },
  {
    picture: 'coach-photo',
    label: words.coachPhoto,
    urlOf: ({ coach_photo }) => coach_photo,
    nothing: { coach_photo: null },
  },
]

interface Props {
  slug: string
  read: VersionedBrand
  isDisabled: boolean
}

/** The pictures of a brand. A file is too large to wait for the rest of the form: it shows as soon as it is chosen. */
export function Pictures(props: Props) {
  return (
    <section className={styles.section} aria-label={words.pictures}>
      <h2>{words.pictures}</h2>
      <p className={styles.state}>{words.picturesLead}</p>
      {kinds.map((kind) => (
        <PictureField key={kind.picture} kind={kind} {...props} />
      ))}
    </section>
  )
}

function PictureField({ kind, slug, read, isDisabled }: Props & { kind: Kind }) {
  const id = useId()
  const queries = useQueryClient()
  const changing = useMutation({
    mutationFn: (file: File | null) =>
      file ? uploadPicture(slug, kind.picture, file) : saveBrand(slug, kind.nothing, read.etag),
    onSuccess: async (saved) => {
      queries.setQueryData(brandQuery(slug).queryKey, saved)
      await queries.invalidateQueries({ queryKey: [slug, 'brand', 'preview'] })
    },
  })
  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? []
    if (file && !changing.isPending) changing.mutate(file)
    // The same file can be chosen again after it was mended.
    target.value = ''
  }
  const url = kind.urlOf(read.brand)
  return (
    <div className={styles.picture}>
      <label htmlFor={id}>{kind.label}</label>
      {/* An uploaded picture has a path below the project's own address. */}
      {url && <img src={new URL(url, project.url).href} alt="" />}
      <input
        id={id}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        disabled={isDisabled || changing.isPending}
        onChange={choose}
      />
      {changing.error && <Failure error={changing.error} />}
      <p role="status" className={styles.state}>
        {changing.isPending ? words.working : changing.isSuccess ? words.saved : ''}
      </p>
      {url && !isDisabled && (
        <Buttons>
          <Button look="quiet" disabled={changing.isPending} onClick={() => changing.mutate(null)}>
            {words.clear(kind.label)}
          </Button>
        </Buttons>
      )}
    </div>
  )
}
