// The suite's origin server, on a port of the loopback interface that the system chooses and tells the parent.
// A child process: origin.mjs SERVER-MODULE [FIELD...]. It counts requests that bear one of FIELDs.
import http from 'node:http'
import net from 'node:net'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [module, ...unwanted] = process.argv.slice(2)
let seen = 0

// The suite's server listens on every interface, and on a port that it is given.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function () {
  this.once('listening', () => process.send({ port: this.address().port }))
  return listen.call(this, { port: 0, host: '127.0.0.1' })
}

const createServer = http.createServer
http.createServer = handler => createServer((request, response) => {
  if (unwanted.some(name => name.toLowerCase() in request.headers)) seen++
  handler(request, response)
})

process.on('message', () => process.send({ seen }))
process.on('disconnect', () => process.exit())
process.env.npm_config_protocol = 'http'
process.env.npm_config_port = '0'
process.env.npm_config_pidfile = '/dev/null'
await import(pathToFileURL(module))
