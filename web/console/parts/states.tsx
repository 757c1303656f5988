import { useWords } from '../app/words/words.ts'

export function Loading() {
  return <p role="status">{useWords().loading}</p>
}

export function NotFound() {
  return <p>{useWords().notFound}</p>
}
