// Tests of hc-proxy itself: what it makes of requests and responses, and of peers that misbehave.
//   check_proxy.mjs PATH PROGRAM...     PATH is engine or fetch
// The last line is "N passed, N failed".
import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import process from 'node:process'
import { Origin, Proxy, splitHead } from './peers.mjs'

const [way, ...program] = process.argv.slice(2)
const isEngine = way === 'engine'
const tests = []
const test = (name, answer, body) => tests.push({ name, answer, body })

// The origin closes behind each answer, and says so (RFC 9112 9.6).
const reply = (fields, content = '', line = '200 OK') =>
  [`HTTP/1.1 ${line}`, 'Connection: close', ...fields, '', content].join('\r\n')
const sized = (content, ...fields) => reply([`Content-Length: ${content.length}`, ...fields], content)
const linesOf = head => head.split('\r\n').slice(1)
const statusOf = text => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1])

test('a request is sent on as it came, but for what is of the connection', () => sized('x'), async (proxy, origin) => {
  await proxy.ask('GET /a/%7Eb?c=d&a=b HTTP/1.1\r\nHost: h.test\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n' +
    'TE: trailers\r\nUpgrade: x\r\nx-A: 1\r\nX-a: 2\r\nEmpty:\r\nBytes: \xfc\r\n\r\n')
  const [line, ...lines] = origin.requests[0].head.split('\r\n')
  assert.equal(line, 'GET /a/~b?c=d&a=b HTTP/1.1')
  const sent = lines.filter(text => !/^(connection: close|host: )/i.test(text))
  // libcurl cannot send an empty value but with a semicolon of its own.
  assert.deepEqual(sent.map(text => text.trimEnd()), ['x-A: 1', 'X-a: 2', 'Empty:', 'Bytes: \xfc'])
  assert.ok(lines.includes(`Host: ${new URL(origin.url).host}`))
})

test('a response is handed on as it came', () => reply(
  ['Set-Cookie: a=1', 'ETag: "\xfc"', 'set-cookie: b=2', 'Date: Tue, 14 Nov 2023 22:13:20 GMT', 'Content-Length: 2'], 'hi', '299 Fine \xfc'),
async proxy => {
  const [head, content] = splitHead(await proxy.get('/'))
  assert.ok(head.startsWith('HTTP/1.1 299 Fine \xfc\r\n'), head)
  assert.deepEqual(linesOf(head).filter(line => /^(set-cookie|etag)/i.test(line)), ['Set-Cookie: a=1', 'ETag: "\xfc"', 'set-cookie: b=2'])
  assert.ok(linesOf(head).includes('Content-Length: 2'))
  assert.equal(content, 'hi')
})

test('any method is a method', (n, head) => sized(head.split(' ')[0]), async proxy => {
  for (const method of ['M-SEARCH', 'PURGE', 'get', "!#$%&'*+-.^_`|~9"]) {
    assert.equal(splitHead(await proxy.get('/', [], method))[1], method)
  }
})

test('any status is a status', (n, head) => reply(['Content-Length: 0'], '', `${/\/(\d+)/.exec(head)[1]} Why not`), async proxy => {
  for (const status of [200, 206, 299, 418, 599, 600, 999]) {
    assert.ok((await proxy.get(`/${status}`)).startsWith(`HTTP/1.1 ${status} Why not\r\n`))
  }
})

test('a body ends where its length says', () => reply(['Content-Length: 10'], 'x'.repeat(36)), async proxy => {
  const text = await proxy.ask('GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  const [, rest] = splitHead(text)
  assert.ok(rest.startsWith('x'.repeat(10) + 'HTTP/1.1 200 OK\r\n'), rest)
  assert.equal(splitHead(rest)[1], 'x'.repeat(10))
})

test('chunks arrive whole', () => reply(['Transfer-Encoding: chunked', 'Cache-Control: max-age=60'],
  '3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n'), async (proxy, origin) => {
  assert.equal(unchunked(splitHead(await proxy.get('/'))[1]), 'abc0123456789')
  const [head, content] = splitHead(await proxy.get('/'))
  assert.equal(content, 'abc0123456789')
  assert.ok(linesOf(head).includes('Content-Length: 13'))
  assert.equal(origin.requests.length, 1)
})

function unchunked (text) {
  let content = ''
  for (;;) {
    const end = text.indexOf('\r\n')
    const size = parseInt(text, 16)
    if (size === 0) return content
    content += text.slice(end + 2, end + 2 + size)
    text = text.slice(end + 4 + size)
  }
}

test('where nothing says how long it is, a body lasts to the close', () => reply(['X: y'], 'to the close'), async proxy => {
  assert.equal(unchunked(splitHead(await proxy.get('/'))[1]), 'to the close')
  assert.equal(splitHead(await proxy.ask('GET / HTTP/1.0\r\n\r\n'))[1], 'to the close')
})

test('what has no body gets none', (n, head) => {
  const status = Number(/\/(\d+)/.exec(head)[1])
  return reply(status === 204 ? [] : ['Content-Length: 5'], '', `${status} Fine`)
}, async proxy => {
  assert.match(await proxy.get('/200', [], 'HEAD'), /\r\nContent-Length: 5\r\n(.*\r\n)*\r\n$/)
  assert.match(await proxy.get('/304'), /^HTTP\/1.1 304 Fine\r\n(.*\r\n)*\r\n$/)
  const none = await proxy.get('/204')
  assert.match(none, /^HTTP\/1.1 204 Fine\r\n(.*\r\n)*\r\n$/)
  assert.doesNotMatch(none, /content-length|transfer-encoding/i)
})

test('what the client sends arrives whole', () => sized('ok'), async (proxy, origin) => {
  await proxy.ask('POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n')
  const big = 'z'.repeat(3000000)
  await proxy.ask(`PUT /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${big.length}\r\n\r\n${big}`)
  assert.equal(origin.requests[0].content, 'abcdefg')
  assert.match(origin.requests[0].head, /\r\nContent-Length: 7(\r\n|$)/i)
  assert.doesNotMatch(origin.requests[0].head, /transfer-encoding|expect/i)
  assert.equal(origin.requests[1].content, big)
})

test('a client that expects 100 gets it', () => sized('ok'), async proxy => {
  const text = await proxy.ask('POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n', text => text.length > 0)
  assert.ok(text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
})

test('requests that two readers could read in two ways are refused', () => sized('x'), async (proxy, origin) => {
  const refused = {
    'GET / HTTP/1.1\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n': 400,
    'GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n': 400,
    'GET / HTTP/2.0\r\nHost: a\r\n\r\n': 505,
    'GET /\r\nHost: a\r\n\r\n': 400,
    'G(T / HTTP/1.1\r\nHost: a\r\n\r\n': 400,
    'GET other HTTP/1.1\r\nHost: a\r\n\r\n': 400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd': 400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc': 400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n': 400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n': 400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n': 400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n': 413,
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(200000)}\r\n\r\n`]: 431,
    [`GET /${'y'.repeat(100000)} HTTP/1.1\r\nHost: a\r\n\r\n`]: 414
  }
  for (const [bytes, status] of Object.entries(refused)) {
    const text = status === 413 ? await proxy.ask(bytes + 'x'.repeat(17000000)) : await proxy.ask(bytes)
    assert.equal(statusOf(text), status, bytes.slice(0, 80))
    assert.match(text, /\r\nConnection: close\r\n/)
  }
  assert.equal(origin.requests.length, 0)
})

test('a connection serves many requests', (n, head) => sized(/\/\w+/.exec(head)[0]), async proxy => {
  const one = target => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`
  const text = await proxy.ask('\r\n' + one('/a') + one('/b') + one('/c').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  assert.deepEqual(text.match(/\r\n\r\n\/[abc]/g).map(found => found.trim()), ['/a', '/b', '/c'])
  const old = await proxy.ask('GET /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n' + 'GET /e HTTP/1.0\r\n\r\n')
  assert.deepEqual(old.match(/\r\n\r\n\/[de]/g).map(found => found.trim()), ['/d', '/e'])
})

test('fields of the connection go no further, on a miss nor on a hit', () => sized('x', 'Cache-Control: max-age=60', 'Connection: a, X-B',
  'A: 1', 'X-B: 2', 'C: 3', 'Keep-Alive: timeout=5', 'Proxy-Connection: x', 'Upgrade: y', 'TE: z'), async (proxy, origin) => {
  for (let i = 0; i < 2; i++) {
    const [head] = splitHead(await proxy.get('/'))
    const names = linesOf(head).map(line => line.split(':')[0].toLowerCase())
    for (const name of ['a', 'x-b', 'keep-alive', 'proxy-connection', 'upgrade', 'te']) assert.ok(!names.includes(name), `${name} in ${head}`)
    assert.ok(names.includes('c'))
  }
  assert.equal(origin.requests.length, 1)
})

test('an origin that says nothing is asked once', (n, head, socket) => { socket.destroy() }, async (proxy, origin) => {
  assert.equal(statusOf(await proxy.get('/a')), 502)
  assert.equal(statusOf(await proxy.get('/b', ['Content-Length: 0'], 'POST')), 502)
  assert.equal(origin.requests.length, 2)
})

test('an origin that is not there is a 502', () => '', async (proxy, origin) => {
  origin.stop()
  assert.equal(statusOf(await proxy.get('/')), 502)
})

test('answers that are none are a 502', (n, head) => decodeURIComponent(/\/(\S+)/.exec(head)[1]), async proxy => {
  for (const bytes of ['HTTP/1.1 20 OK\r\n\r\n', 'hello\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab']) {
    assert.equal(statusOf(await proxy.get('/' + encodeURIComponent(bytes))), 502, bytes)
  }
})

const whole = {
  length: sized('hello', 'Cache-Control: max-age=60'),
  chunks: reply(['Transfer-Encoding: chunked', 'Cache-Control: max-age=60'], '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n')
}
// RFC 9112 8: with the last chunk it is complete, whatever becomes of the empty line behind.
const ends = { length: whole.length.length, chunks: whole.chunks.length - 2 }
for (const [kind, bytes] of Object.entries(whole)) {
  test(`an answer that is cut off at any byte is never whole, and never stored (${kind})`, (n, head, socket) => {
    const [, cut, rest] = /\/(\d+)(again)?/.exec(head)
    return bytes.slice(0, rest ? undefined : Number(cut))
  }, async (proxy, origin) => {
    await Promise.all(Array.from({ length: ends[kind] }, async (_, cut) => {
      const text = await proxy.get(`/${cut}`)
      const isWhole = statusOf(text) === 200 && (kind === 'length' ? text.endsWith('\r\n\r\nhello') : text.endsWith('0\r\n\r\n'))
      assert.ok(!isWhole, `cut at ${cut}: ${text}`)
    }))
    const before = origin.requests.length
    assert.equal(before, ends[kind])
    await Promise.all(Array.from({ length: ends[kind] }, (_, cut) => proxy.get(`/${cut}`)))
    assert.equal(origin.requests.length, 2 * before)
  })
}

const LARGE = 400 * 1048576
test('a large body passes, and memory does not grow with it', (n, head, socket) => {
  const piece = Buffer.alloc(1048576, 'large')
  let left = LARGE
  socket.write(`HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: ${LARGE}\r\n\r\n`)
  const more = () => {
    while (left > 0) {
      left -= piece.length
      if (!socket.write(piece)) return socket.once('drain', more)
    }
    socket.end()
  }
  more()
}, async (proxy, origin) => {
  for (const round of ['from the origin', 'from the store']) {
    const received = await new Promise(resolve => {
      let total = 0
      const socket = net.connect(proxy.port, '127.0.0.1')
      socket.on('data', data => { total += data.length })
      socket.on('end', () => resolve(total))
      socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    })
    assert.ok(received > LARGE && received < LARGE + 1000, `${received} bytes ${round}`)
  }
  assert.equal(origin.requests.length, 1)
  if (program.length > 1) return // A tool's memory is its own.
  const peak = Number(/VmHWM:\s*(\d+) kB/.exec(fs.readFileSync(`/proc/${proxy.child.pid}/status`, 'utf8'))[1])
  assert.ok(peak < 100000, `${peak} kB at most`)
})

test('a client that leaves harms nobody', (n, head, socket) => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n')
  socket.end(Buffer.alloc(20000000, 'x'))
}, async (proxy, origin) => {
  await Promise.all(Array.from({ length: 20 }, (_, i) =>
    proxy.ask(`GET /${i} HTTP/1.1\r\nHost: h\r\n\r\n`, text => text.length > i * 1000)))
  await proxy.ask('GET /half HTTP/1.1\r\nHo', () => true).catch(() => {})
  assert.ok((await proxy.get('/last')).length > 20000000)
})

test('a stale response is handed on, and revalidated behind it', n => sized(`answer ${Math.min(n, 2)}`,
  'Cache-Control: max-age=0, stale-while-revalidate=3600'), async (proxy, origin) => {
  const contents = []
  // How soon the second answer is stored is the machine's affair; that it is not waited for is the proxy's.
  while (contents.at(-1) !== 'answer 2' && contents.length < 1000) contents.push(splitHead(await proxy.get('/'))[1])
  assert.deepEqual(contents.slice(0, 2), ['answer 1', 'answer 1'])
  assert.equal(contents.at(-1), 'answer 2')
  assert.ok(origin.requests.length >= 2)
})

test('what is wanted from the cache alone is a 504', () => sized('x'), async (proxy, origin) => {
  assert.equal(statusOf(await proxy.get('/', ['Cache-Control: only-if-cached'])), 504)
  assert.equal(origin.requests.length, 0)
})

if (isEngine) {
  test('interim responses come first, and are not stored', () => 'HTTP/1.1 102 Processing\r\n\r\n' +
    'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nConnection: X\r\nX: 1\r\n\r\n' + sized('final', 'Cache-Control: max-age=60'), async (proxy, origin) => {
    const text = await proxy.get('/')
    assert.ok(text.startsWith('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n'), text)
    assert.ok((await proxy.get('/')).startsWith('HTTP/1.1 200 OK\r\n'))
    assert.ok((await proxy.ask('GET /old HTTP/1.0\r\n\r\n')).startsWith('HTTP/1.1 200 OK\r\n'))
    assert.equal(origin.requests.length, 2)
  })

  test('folded lines of an origin are unfolded', () => 'HTTP/1.1 200\r\nX: a\r\n  b\r\nY : c\r\nContent-Length: 0\r\n\r\n', async proxy => {
    const text = await proxy.get('/')
    assert.match(text, /^HTTP\/1.1 200 \S*\r\n/)
    assert.match(text, /\r\nX: a +b\r\n/)
    assert.match(text, /\r\nY: c\r\n/)
  })
}

async function run ({ name, answer, body }) {
  const origin = await new Origin(answer).start()
  const proxy = await new Proxy(program, origin.url, '--path', way).start()
  let failure
  try {
    await body(proxy, origin)
  } catch (error) {
    failure = error
  }
  // With a connection open that says nothing.
  const idle = net.connect(proxy.port, '127.0.0.1').on('error', () => {})
  const { status, left } = await proxy.stop()
  idle.destroy()
  origin.stop()
  if (!failure && status !== 0) failure = new Error(`the proxy ended with ${status}`)
  if (!failure && left.length > 0) failure = new Error(`the proxy left ${left}`)
  console.log(`${failure ? 'not ok' : 'ok'} ${way}: ${name}`)
  if (failure) console.log(`  ${failure.message.replaceAll('\n', '\n  ').slice(0, 1000)}`)
  return !failure
}

let passed = 0
for (const one of tests) passed += await run(one)
console.log(`${passed} passed, ${tests.length - passed} failed`)
process.exitCode = passed === tests.length ? 0 : 1
