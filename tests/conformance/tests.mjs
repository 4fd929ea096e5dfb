// The suite's tests, which of them apply to which kind of cache, and what a result means.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

export const MODES = ['shared', 'private']

// What a private cache cannot answer: these ask for s-maxage, proxy-revalidate, or for `private` and
// Authorization to keep a response out.
const SHARED_ONLY = [/-shared(-|$)/, /^other-authorization(-|$)/, /^stale-close-(proxy-|s-maxage)/]
// These set a cache mode that only a browser's fetch knows.
const BROWSER_ONLY = [/^cc-resp-immutable-/]

const isAmong = (patterns, id) => patterns.some(pattern => pattern.test(id))

// Whether a test applies. The suite leaves out of a browser's run what the Fetch API hides; here nothing is
// hidden, so that a private cache is asked these too.
function applies (test, mode) {
  if (mode === 'shared') return test.browser_only !== true
  return !isAmong(SHARED_ONLY, test.id) && !isAmong(BROWSER_ONLY, test.id)
}

// The groups of tests, as the suite's client takes them.
export async function testsOf (suite, mode) {
  const { default: groups } = await import(pathToFileURL(path.resolve(suite, 'tests/index.mjs')))
  return groups.map(group => ({
    ...group,
    tests: group.tests.filter(test => applies(test, mode)).map(test => ({ ...test, browser_only: undefined }))
  }))
}

const GOOD = new Set(['pass', 'yes'])

// What came of each test, as the suite reads its results: a test counts only where all that it depends on have
// passed, and one whose setup went wrong says nothing.
export function verdictsOf (groups, results) {
  const tests = new Map(groups.flatMap(group => group.tests).map(test => [test.id, test]))
  const verdicts = new Map()

  function judge (test) {
    const result = results[test.id]
    // What does not apply to this mode is nothing to depend on.
    const basis = (test.depends_on ?? []).filter(id => tests.has(id))
    if (result === undefined) return 'untested'
    if (!basis.every(id => GOOD.has(verdictOf(id)))) return 'dependency'
    if (result === true) return kindOf(test) === 'check' ? 'yes' : 'pass'
    const [name, message] = result
    if (name === 'Setup') return message === 'retry' ? 'retry' : 'setup'
    if (name === 'AbortError') return 'harness'
    return kindOf(test) === 'check' ? 'no' : 'fail'
  }

  function verdictOf (id) {
    if (!verdicts.has(id)) verdicts.set(id, judge(tests.get(id)))
    return verdicts.get(id)
  }

  for (const id of tests.keys()) verdictOf(id)
  return new Map([...tests.keys()].sort().map(id => [id, verdicts.get(id)]))
}

export function kindOf (test) {
  return test.kind ?? 'required'
}

// The line that sums a mode up.
export function summary (mode, groups, verdicts) {
  const tests = groups.flatMap(group => group.tests)
  const count = (kind, verdict) => tests.filter(
    test => kindOf(test) === kind && (verdict === undefined || verdicts.get(test.id) === verdict)).length
  return `${mode}: required ${count('required', 'pass')}/${count('required')}, ` +
    `violations ${count('required', 'fail')}, optimal ${count('optimal', 'pass')}/${count('optimal')}`
}
