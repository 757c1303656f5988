import type { TestProject } from 'vitest/node'
import { bootStack, type StackAccess } from './stack.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackAccess
  }
}

/** Boots the one stack that all test files share, in a folder of its own, and stops it after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await bootStack()
  project.provide('stack', stack.access)
  return async () => {
    await stack.stop()
  }
}
