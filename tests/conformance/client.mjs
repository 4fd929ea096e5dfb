// The suite's client in a process of its own, because its modules keep their results in globals.
//   client.mjs SUITE BASE-URL MODE
// It sends the results, by the id of the test, to the parent.
import path from 'node:path'
import process from 'node:process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { testsOf } from './tests.mjs'

// As many tests at once as a small machine serves without being late for the suite's pauses.
const AT_ONCE = 50
// The suite waits for ever: a response that never comes would end nothing.
const TIME_LIMIT = 15000

const [suite, base, mode] = process.argv.slice(2)
const module = pathToFileURL(path.resolve(suite, 'client/runner.mjs'))
const { runTests, getResults } = await import(module)
const nodeFetch = createRequire(module)('node-fetch')

async function fetch (url, init) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), TIME_LIMIT)
  const response = await nodeFetch(url, { ...init, signal: controller.signal }).catch(error => {
    clearTimeout(timer)
    throw error
  })
  const text = response.text.bind(response)
  response.text = () => text().finally(() => clearTimeout(timer))
  return response
}

await runTests(await testsOf(suite, mode), fetch, false, base, AT_ONCE)
process.send(getResults(), () => process.disconnect())
