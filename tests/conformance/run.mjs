// Runs the suite against hc-proxy, compares what comes of it with what is kept, and says what changed.
//   run.mjs SUITE PROXY [--path engine|fetch] [--renamed DIRECTORY] [--accept] [--mode shared|private]
// The last lines are one for each mode. Exit status 1: a required or optimal test became worse, or the kept
// verdicts are not those of today.
import { fork, spawn } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FORMER_FIELDS, formerId, makeRenamed } from './renamed.mjs'
import { MODES, summary, testsOf, verdictsOf } from './tests.mjs'
import { compare, readVerdicts, writeVerdicts } from './verdicts.mjs'

const here = path.dirname(fileURLToPath(import.meta.url))
const { values: options, positionals: [given, program] } = parseArgs({
  allowPositionals: true,
  options: {
    path: { type: 'string', default: 'engine' },
    renamed: { type: 'string' },
    accept: { type: 'boolean', default: false },
    mode: { type: 'string' }
  }
})
const suite = options.renamed ?? given

const exited = child => new Promise(resolve => {
  if (child.exitCode !== null || child.signalCode !== null) resolve()
  else child.once('exit', resolve)
})

// The next message of a child; an error where it ends without one.
function messageOf (child, what) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error(`${what} ended`)))
  })
}

async function startOrigin () {
  const unwanted = options.renamed ? FORMER_FIELDS : []
  // What it says is about requests that tests make go wrong.
  const child = fork(path.join(here, 'origin.mjs'), [path.resolve(suite, 'server/server.mjs'), ...unwanted],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const { port } = await messageOf(child, 'the origin')
  return { child, url: `http://127.0.0.1:${port}` }
}

async function startProxy (mode, upstream) {
  const child = spawn(program, ['--listen', '127.0.0.1:0', '--upstream', upstream, '--mode', mode, '--path', options.path],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${program} ended`)))
    child.stdout.once('data', line => resolve(/port (\d+)/.exec(line)?.[1]))
  })
  return { child, url: `http://127.0.0.1:${port}` }
}

async function runClient (mode, base) {
  const child = fork(path.join(here, 'client.mjs'), [suite, base, mode], { execArgv: ['--no-warnings'] })
  const results = await messageOf(child, 'the client')
  await exited(child)
  return results
}

// That the copy is what was run: no request bore a field of the suite.
async function checkRenamed (origin) {
  origin.child.send('seen')
  const { seen } = await messageOf(origin.child, 'the origin')
  if (seen > 0) throw new Error(`${seen} requests bore a field that should have another name`)
}

async function run (mode) {
  const started = []
  try {
    const origin = await startOrigin()
    started.push(origin.child)
    const proxy = await startProxy(mode, origin.url)
    started.push(proxy.child)
    const results = await runClient(mode, proxy.url)
    if (options.renamed) await checkRenamed(origin)
    if (proxy.child.exitCode !== null || proxy.child.signalCode !== null) throw new Error(`${program} died`)
    proxy.child.kill('SIGTERM')
    await exited(proxy.child)
    if (proxy.child.exitCode !== 0) throw new Error(`${program} ended with ${proxy.child.exitCode ?? proxy.child.signalCode}`)
    return results
  } finally {
    for (const child of started) {
      child.kill()
      await exited(child)
    }
  }
}

async function judge (mode) {
  const idOf = options.renamed ? formerId : id => id
  const found = Object.entries(await run(mode))
  const results = Object.fromEntries(found.map(([id, result]) => [idOf(id), result]))
  const groups = await testsOf(given, mode)
  return { mode, groups, results, verdicts: verdictsOf(groups, results) }
}

if (options.renamed) makeRenamed(given, options.renamed)
const modes = options.mode ? [options.mode] : MODES
let failed = false
const judged = await Promise.all(modes.map(judge))
for (const { mode, groups, results, verdicts } of judged) {
  const file = path.join(here, `verdicts-${mode}.txt`)
  const { worse, changed } = compare(mode, groups, readVerdicts(file), verdicts, results)
  if (options.accept) writeVerdicts(file, verdicts)
  else if (worse > 0 || changed > 0) failed = true
}
for (const { mode, groups, verdicts } of judged) console.log(summary(mode, groups, verdicts))
if (failed) console.log('the verdicts are not those that are kept; `make conformance-accept` keeps them')
process.exitCode = failed ? 1 : 0
