import { writeFileSync } from 'node:fs'
import process from 'node:process'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Writes to the file TENANTRY_TALLY what `.ci/run` ends with: each failure once more, because thousands of lines stand between it
 * and the end, and in the last line how many tests passed and how much failed. A hook that failed after its tests, a file
 * that did not load and an error that nobody caught have no test that failed, but each is a failure all the same.
 */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const failures: string[] = []
    let passed = 0
    const fail = (where: string, errors: readonly SerializedError[] = []) =>
      failures.push(`FAILED ${where}\n${errors.map(described).join('\n')}`)
    for (const module of modules) {
      const file = module.relativeModuleId
      if (module.errors().length > 0) fail(`${file}: the file itself`, module.errors())
      for (const suite of module.children.allSuites())
        if (suite.errors().length > 0)
          fail(`${file}: ${suite.fullName}, before or after its tests`, suite.errors())
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === 'passed') passed++
        if (state === 'failed') fail(`${file}: ${test.fullName}`, errors)
      }
    }
    for (const error of unhandled) fail('outside of all tests', [error])
    const told = process.env.TENANTRY_TALLY
    if (told) writeFileSync(told, [...failures, `${passed} ${failures.length}\n`].join('\n\n'))
  }
}

const described = ({ name, message, stack }: SerializedError): string =>
  (stack?.includes(message) ? stack : `${name ?? 'Error'}: ${message}\n${stack ?? ''}`).slice(0, 2_000)
