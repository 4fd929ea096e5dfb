# frozen_string_literal: true

require 'fileutils'
require 'net/http'
require 'socket'

# The origin of the project's tests, as a program: it does what its targets tell it, also what is no HTTP.
class Origin
  PROGRAM = ENV.fetch('ORIGIN') { File.join(ROOT, ENV.fetch('CARGO_TARGET_DIR', 'target'), 'debug/examples/origin') }

  # One for all tests: they use targets of their own.
  def self.shared
    @shared ||= new.tap { |origin| Minitest.after_run { origin.stop } }
  end

  def initialize
    @pipe = IO.popen([PROGRAM], 'r+')
    @port = @pipe.gets.to_i
  end

  attr_reader :port

  def url(target = '')
    "http://127.0.0.1:#{@port}#{target}"
  end

  # A message that is sent as it stands.
  def raw(message, parameters = '')
    # In the path: what clients do to a query is their own affair.
    url("/raw/#{escape(message)}?raw#{parameters}")
  end

  def requests(url)
    ask("/requests?target=#{escape(url.delete_prefix(self.url))}").to_i
  end

  # Changes /version/NAME.
  def change(name)
    Net::HTTP.post(URI(url("/change/#{name}")), '', 'Content-Type' => 'text/plain')
  end

  def ask(target)
    Net::HTTP.get(URI(url(target)))
  end

  def stop
    @pipe.close_write
    @pipe.close
  end

  def escape(text)
    text.gsub(/[^A-Za-z0-9._~-]/n) { |byte| format('%%%02X', byte.ord) }
  end

  # The bytes of /body/SIZE?seed=SEED.
  def self.body(size, seed = 0)
    Array.new(size) { |at| (((at + seed) * 2_654_435_761) >> 24) & 255 }.pack('C*')
  end
end

# nginx, serving a directory.
class Nginx
  PROGRAM = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find { |path| File.exist?(path) } || 'nginx'

  attr_reader :url, :files

  def initialize(directory)
    @directory = directory
    @files = File.join(directory, 'www')
    FileUtils.mkdir_p(@files)
    10.times { return if start(free_port) }
    raise "nginx does not start: #{File.read(File.join(directory, 'out'))}"
  end

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
  end

  private

  # nginx has no way to say "any that is free": another program may take the port first, then it is tried again.
  def free_port
    server = TCPServer.new('127.0.0.1', 0)
    server.addr[1]
  ensure
    server.close
  end

  def start(port)
    @url = "http://127.0.0.1:#{port}"
    pid_file = File.join(@directory, 'nginx.pid')
    File.write(File.join(@directory, 'nginx.conf'), configuration(port, pid_file))
    @pid = spawn(PROGRAM, '-p', @directory, '-c', File.join(@directory, 'nginx.conf'),
                 %i[in] => :close, %i[out err] => [File.join(@directory, 'out'), 'w'])
    until File.size?(pid_file)
      return false if Process.wait(@pid, Process::WNOHANG)

      Thread.pass
    end
    true
  end

  def configuration(port, pid_file)
    temporary = %w[client_body proxy fastcgi uwsgi scgi].map { |name| "#{name}_temp_path #{@directory}/tmp;" }
    <<~CONF
      daemon off;
      master_process off;
      pid #{pid_file};
      error_log #{@directory}/error.log;
      events { worker_connections 64; }
      http {
        access_log off;
        #{temporary.join("\n  ")}
        gzip on;
        gzip_min_length 1;
        gzip_types application/json;
        types { text/html html; application/json json; }
        server { listen 127.0.0.1:#{port}; root #{@files}; location /fresh/ { expires 1h; } }
      }
    CONF
  end
end
