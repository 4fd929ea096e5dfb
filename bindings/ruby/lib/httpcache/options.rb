# frozen_string_literal: true

require 'logger'

module HTTPCache
  # How a cache works: its settings (see Setting) and its callbacks. Cache.open copies it.
  #
  #   options = HTTPCache::Options.new(cache_control: true, stale_if_error: 3600)
  #   options.filter { |request, response| response.body_size < 1_000_000 }
  #
  # Callbacks run inside calls of the cache, on the thread of the call (of Cache#fetch and the reading of its response
  # on one of their own) and on a fiber of their own: fiber-local variables (Thread#[]) are not the caller's, and a
  # Mutex that the caller holds cannot be taken. They may call the cache. What one raises is raised from the call it
  # ran in, once that has done its work.
  class Options
    include Owned

    SEVERITIES = { error: Logger::ERROR, warning: Logger::WARN, info: Logger::INFO, debug: Logger::DEBUG }.freeze
    private_constant :SEVERITIES

    CALLBACKS = %i[filter key normalize clock].freeze
    private_constant :CALLBACKS

    # Settings by name, and +filter:+, +key:+, +normalize:+, +clock:+ and +logger:+.
    def initialize(logger: nil, **settings)
      own(Native.hc_options_new, :hc_options_free)
      settings.each do |name, value|
        next self[name] = value unless CALLBACKS.include?(name)

        public_send(name, &value) if value
      end
      self.logger = logger if logger
    rescue StandardError
      close
      raise
    end

    # Changes a setting. InvalidArgumentError: the value is out of its range; TypeError: it is not of its kind.
    def []=(name, value)
      if Setting::LISTS.key?(name) then write_list(name, value)
      elsif Setting::TEXTS.key?(name) then write_text(name, value)
      elsif name == :status_expiry then write_status_expiry(value)
      elsif name == :url_rules then write_url_rules(value)
      else
        number, encoded = Setting.encode(name, value)
        verb { |options, call| Native.hc_options_set(options, number, encoded, call.error) }
      end
    end

    [*Setting::TABLE.keys, *Setting::LISTS.keys, *Setting::TEXTS.keys, :status_expiry, :url_rules].each do |name|
      define_method(:"#{name}=") { |value| self[name] = value }
    end

    # Has the block asked, after all other rules, before a response is stored (once its body is complete) and each
    # time one is reused or freshened. It gets the Request and the Response, both for the call only. What it
    # answers with nil or false is not stored, or is deleted and answered with this last time.
    #
    # Where it raises, nothing is stored and nothing deleted, and the exception is raised from the call that asked:
    # Cache#lookup, Cache#fetch, Response#read, Exchange#store and so on. What that call had to give is then lost;
    # calling it again is safe.
    def filter(&block)
      asked = lambda do |request, response|
        lent = Response.lend(response)
        begin
          block.call(Request.copy_of(request), lent) ? 1 : 0
        ensure
          lent.close
        end
      end
      callback(block && asked) do |options, number|
        Native.hc_options_filter(options, (Callback::FILTER if number), number.to_i, Callback::DESTROY)
      end
    end

    # Has the block make the key of each request, in place of URL, parameters, body, fields and verification; the
    # partition, credentials and Vary still tell requests apart. It gets a copy of the Request, for the call only, and
    # returns a String, what Key.default, Key.url, Key.body and Key.field stand for, or an Array of these: 1 byte to
    # 64 KiB. It must not ask a cache of these options.
    #
    # Where it raises, the request goes past the cache, and the exception is raised from the call that asked, as of
    # #filter.
    def key(&block)
      made = lambda do |request, sink|
        copy = Request.copy_of(request)
        Key.write(sink, block.call(copy))
      ensure
        copy&.close
      end
      callback(block && made) do |options, number|
        Native.hc_options_key(options, (Callback::KEY if number), number.to_i, Callback::DESTROY)
      end
    end

    # Has the block change a copy of each Request, lent for the call, from which alone the key is made, and which Vary
    # compares; what is sent stays as it is. What the block returns counts for nothing. Else as of #key.
    def normalize(&block)
      changed = lambda do |copy|
        lent = Request.lend(copy)
        block.call(lent)
        Native::OK
      ensure
        lent&.close
      end
      callback(block && changed) do |options, number|
        Native.hc_options_normalize(options, (Callback::NORMALIZE if number), number.to_i, Callback::DESTROY)
      end
    end

    # Has the block say what time it is, as a Time. Without a block: the system's clock.
    def clock(&block)
      callback(block && -> { Setting.instant(block.call) }) do |options, number|
        Native.hc_options_clock(options, (Callback::CLOCK if number), number.to_i, Callback::DESTROY)
      end
    end

    # Gives the block each log line up to `level` (+:error+, +:warning+, +:info+, +:debug+), with its level.
    def log(level = :warning, &block)
      number_of_level = Native::LOG_LEVELS.fetch(level) do
        raise InvalidArgumentError, "#{level.inspect} is no log level"
      end
      named = ->(number, line) { block.call(Native::LOG_LEVELS.key(number), line) }
      callback(block && named) do |options, number|
        Native.hc_options_log(options, number_of_level, (Callback::LOG if number), number.to_i, Callback::DESTROY)
      end
    end

    # Writes log lines to a Logger, as far as its level at this moment lets them through; nil: to none.
    def logger=(logger)
      level = logger ? SEVERITIES.key(logger.level.clamp(Logger::DEBUG, Logger::ERROR)) : :error
      write = ->(of_line, line) { logger.add(SEVERITIES.fetch(of_line), line, 'httpcache') }
      log(level, &(write if logger))
    end

    # The items of a list, by its setting's name, as it stands.
    def items(name)
      number = Setting::LISTS.fetch(name) { raise InvalidArgumentError, "#{name.inspect} is no list" }
      use do |options|
        (0..).lazy.map { |i| Native.hc_options_item(options, number, i) }.take_while(&:itself).to_a
      end
    end

    # Takes all names away that are ignored, those that authenticate too.
    def clear_ignored
      clear(:ignored)
    end

    private

    def clear(name)
      number = Setting::LISTS.fetch(name)
      verb { |options, call| Native.hc_options_clear(options, number, call.error) }
    end

    def write_list(name, items)
      number = Setting::LISTS.fetch(name)
      items = Array(items).map { |item| Bytes.of(item) }
      # What authenticates stays ignored until somebody says otherwise.
      clear(name) unless Setting::ADDED_TO.include?(name)
      items.each do |item|
        verb { |options, call| Native.hc_options_add(options, number, item, item.bytesize, call.error) }
      end
    end

    def write_text(name, text)
      number, = Setting::TEXTS.fetch(name)
      text = Setting.text(name, text)
      verb { |options, call| Native.hc_options_set_string(options, number, text, text.to_s.bytesize, call.error) }
    end

    def write_status_expiry(table)
      table.to_h.transform_values { |expiry| Setting.duration(expiry, 'status_expiry') }.each do |status, expiry|
        verb { |options, call| Native.hc_options_status_expiry(options, status, expiry, call.error) }
      end
    end

    def write_url_rules(table)
      table.to_h.transform_values { |expiry| Setting.duration(expiry, 'url_rules') }.each do |pattern, expiry|
        kind, text = Setting.pattern(pattern)
        verb { |options, call| Native.hc_options_add_url_rule(options, kind, text, text.bytesize, expiry, call.error) }
      end
    end

    def verb
      use { |options| Call.borrow { |call| call.check(yield(options, call)) } }
    end

    def callback(block)
      use do |options|
        status = yield options, block && Callback.new(block).object_id
        raise BY_STATUS.fetch(status), Native.hc_strerror(status) if status.negative?
      end
      self
    end
  end
end
