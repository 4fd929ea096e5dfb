// The verdicts that are kept: a file of `id verdict` lines for each mode.
import fs from 'node:fs'
import { kindOf } from './tests.mjs'

export function readVerdicts (file) {
  if (!fs.existsSync(file)) return new Map()
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(line => line !== '')
  return new Map(lines.map(line => {
    const space = line.lastIndexOf(' ')
    return [line.slice(0, space), line.slice(space + 1)]
  }))
}

export function writeVerdicts (file, verdicts) {
  fs.writeFileSync(file, [...verdicts].map(([id, verdict]) => `${id} ${verdict}\n`).join(''))
}

// Prints what is not as it was kept, and returns how many required and optimal tests became worse and how many
// lines differ at all.
export function compare (mode, groups, kept, verdicts, why) {
  const kinds = new Map(groups.flatMap(group => group.tests).map(test => [test.id, kindOf(test)]))
  let worse = 0
  let changed = 0
  for (const id of [...new Set([...kept.keys(), ...verdicts.keys()])].sort()) {
    const before = kept.get(id) ?? 'none'
    const now = verdicts.get(id) ?? 'none'
    if (before === now) continue
    changed++
    const isWorse = before === 'pass' && kinds.get(id) !== 'check'
    if (isWorse) worse++
    const reason = Array.isArray(why[id]) ? ` (${why[id][1]})` : ''
    console.log(`  ${mode} ${kinds.get(id) ?? 'unknown'} ${id}: ${before} -> ${now}${isWorse ? ', WORSE' : ''}${reason}`)
  }
  return { worse, changed }
}
