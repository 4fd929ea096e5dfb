// hc-proxy between an origin and clients that speak in bytes, for tests of the proxy itself.
import { spawn } from 'node:child_process'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import fs from 'node:fs'

const LIMIT = 20000

function within (promise, what) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${LIMIT} ms`)), LIMIT)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// What lies before and what behind the first empty line; undefined where there is none yet.
export function splitHead (text) {
  const at = text.indexOf('\r\n\r\n')
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + 4)]
}

// An origin that answers the nth request with what `answer(n, head, socket)` returns: bytes as a Latin-1 string, or
// nothing, where it writes itself. It closes afterwards.
export class Origin {
  requests = []
  sockets = new Set()

  constructor (answer) {
    this.answer = answer
    this.server = net.createServer(socket => this.#serve(socket))
  }

  async start () {
    await new Promise(resolve => this.server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${this.server.address().port}`
    return this
  }

  stop () {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }

  #serve (socket) {
    let text = ''
    this.sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', data => {
      text += data.toString('latin1')
      const parts = splitHead(text)
      if (parts === undefined) return
      const length = Number(/^content-length: *(\d+)/im.exec(parts[0])?.[1] ?? 0)
      if (parts[1].length < length) return
      text = ''
      this.requests.push({ head: parts[0], content: parts[1] })
      const bytes = this.answer(this.requests.length, parts[0], socket)
      if (bytes !== undefined) socket.end(bytes, 'latin1')
    })
  }
}

export class Proxy {
  constructor (program, upstream, ...rest) {
    this.scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hc-proxy-test-'))
    this.child = spawn(program[0], [...program.slice(1), '--listen', '127.0.0.1:0', '--upstream', upstream, ...rest],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: this.scratch } })
    this.exit = new Promise(resolve => this.child.once('exit', (code, signal) => resolve(code ?? signal)))
  }

  async start () {
    this.port = await within(new Promise(resolve => {
      this.child.stdout.once('data', line => resolve(Number(/port (\d+)/.exec(line)[1])))
    }), 'the proxy')
    return this
  }

  // Its exit status, and what it left in the directory for temporary files.
  async stop () {
    this.child.kill('SIGTERM')
    const status = await within(this.exit, 'the end of the proxy')
    const left = fs.readdirSync(this.scratch)
    fs.rmSync(this.scratch, { recursive: true })
    return { status, left }
  }

  // Sends bytes, and returns all that came until the other side closed, or until `isEnough(text)`.
  ask (bytes, isEnough = () => false) {
    return within(new Promise(resolve => {
      let text = ''
      const socket = net.connect(this.port, '127.0.0.1')
      const end = () => {
        socket.destroy()
        resolve(text)
      }
      socket.on('data', data => {
        text += data.toString('latin1')
        if (isEnough(text)) end()
      })
      socket.on('error', end)
      socket.on('end', end)
      socket.write(bytes, 'latin1')
    }), bytes.slice(0, 60))
  }

  // One request whose connection ends with it.
  get (target, fields = [], method = 'GET') {
    return this.ask([`${method} ${target} HTTP/1.1`, 'Host: h.test', 'Connection: close', ...fields, '', ''].join('\r\n'))
  }
}
