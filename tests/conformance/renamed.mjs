// A copy of the suite in which all that is its own has another name: fields, paths, fields of its samples.
// A cache that knew any of the suite's names would answer it differently.
import fs from 'node:fs'
import path from 'node:path'

// Longer names before those that they hold.
const FIELDS = [
  ['X-Test-Header', 'X-Sample-Line'],
  ['Test-Header', 'Sample-Line'],
  ['Test-Name', 'Ledger-Title'],
  ['Test-ID', 'Ledger-Key'],
  ['Req-Num', 'Ordinal'],
  ['Server-Base-Url', 'Origin-Place'],
  ['Server-Request-Count', 'Origin-Tally'],
  ['Client-Request-Count', 'Caller-Tally'],
  ['Server-Now', 'Origin-Clock'],
  ['Request-Numbers', 'Ordinals-Seen'],
  ['Capability-Seen', 'Skills-Told']
]

// Each is where the client makes a URL, and where the server takes it apart.
const PATHS = [
  ['/test/$', '/piece/$'],
  ['/config/$', '/script/$'],
  ['/state/$', '/ledger/$'],
  ["=== 'test'", "=== 'piece'"],
  ["=== 'config'", "=== 'script'"],
  ["=== 'state'", "=== 'ledger'"]
]

const DIRECTORIES = ['client', 'server', 'lib', 'tests']

// The fields of a request that the copy does not send.
export const FORMER_FIELDS = FIELDS.map(([name]) => name)

// The id that a test of the copy has in the suite: some are made of a field's name.
export function formerId (id) {
  return FIELDS.reduce((text, [from, to]) => text.replace(to, from), id)
}

function spelledAs (found, name) {
  return found === found.toLowerCase() ? name.toLowerCase() : name
}

function rename (text, counts) {
  for (const [from, to] of FIELDS) {
    text = text.replace(new RegExp(`(?<![A-Za-z-])${from}(?![A-Za-z-])`, 'gi'), found => {
      counts.set(from, (counts.get(from) ?? 0) + 1)
      return spelledAs(found, to)
    })
  }
  for (const [from, to] of PATHS) {
    const parts = text.split(from)
    if (parts.length > 1) counts.set(from, (counts.get(from) ?? 0) + parts.length - 1)
    text = parts.join(to)
  }
  return text
}

// Writes the copy of `suite` to `copy`. A name that is nowhere found, or that is left, is an error: then this
// table does not fit the suite any more.
export function makeRenamed (suite, copy) {
  const counts = new Map()
  fs.rmSync(copy, { recursive: true, force: true })
  for (const directory of DIRECTORIES) {
    fs.mkdirSync(path.join(copy, directory), { recursive: true })
    for (const name of fs.readdirSync(path.join(suite, directory))) {
      if (!name.endsWith('.mjs')) continue
      const text = rename(fs.readFileSync(path.join(suite, directory, name), 'utf8'), counts)
      for (const [from] of FIELDS) {
        if (new RegExp(`['"\`]${from}['"\`]`, 'i').test(text)) throw new Error(`${from} is left in ${directory}/${name}`)
      }
      fs.writeFileSync(path.join(copy, directory, name), text)
    }
  }
  for (const [from] of [...FIELDS, ...PATHS]) {
    if (!counts.has(from)) throw new Error(`${from} is not in the suite`)
  }
}
