# frozen_string_literal: true

module HTTPCache
  # The settings of a cache and of a request: their numbers in the library, and what values they take.
  #
  # [+cache_control+] RFC 9111 decides from the response's fields; else these settings alone do. true or false, as all
  #   settings below of which nothing else is said.
  # [+shared+] with cache_control: the cache serves several users, and is not private.
  # [+expire_after+, +expire_at+] how long, or until when, a response stays fresh. *
  # [+heuristic_percent+] of Date - Last-Modified that is the lifetime where nothing else says one. 0 to 100.
  # [+stale_if_error+] how long after it became stale a response is used when the origin fails. *
  # [+stale_while_revalidate+] how long after it became stale a response is used while it is revalidated, where the
  #   response names no time itself. *
  # [+always_revalidate+] nothing is reused before the origin said that it is valid. *
  # [+refresh+] revalidate now; without a validator, fetch anew. *
  # [+force_refresh+] do not use what is stored, and replace it. *
  # [+only_if_cached+] never forward; what cannot be answered is a 504. *
  # [+bypass+] neither read nor written: requests go past the cache. *
  # [+read_only+] read, and never written. What unsafe requests change this Cache does not serve any more until it is
  #   stored anew. *
  # [+match_all_fields+] every request field is part of the key, but those of +ignored+ and those about the transfer,
  #   conditions, ranges and caching.
  # [+ignored_presence_counts+] that an ignored name is there counts, though not its value.
  # [+invalidate+] unsafe methods that succeed take away what is stored of their URL.
  # [+share_credentials+] a response is reused whatever credentials it was fetched with, and whoever asks. *
  # [+no_vary_search+] No-Vary-Search says which parameters of a URL count for nothing.
  # [+groups+] Cache-Groups and Cache-Group-Invalidation are honoured (RFC 9875).
  # [+max_response_bytes+] larger bodies pass through unstored. Integer or +:never+.
  # [+durability+] +:fast+, +:safe+ or +:synced+; recorded when the directory is made.
  # [+max_variants+] variants kept of one URL. 1 to 4096.
  # [+workers+] whether the library may start threads, which commit what is stored, and on which Cache#fetch
  #   revalidates; else see Cache#work.
  # [+place+] what the path of Cache.open means: +:directory+, the cache directory; +:user+, a name among the caches of
  #   this user, in $XDG_CACHE_HOME or ~/.cache (nil: "http_cache"); +:temporary+, a directory (nil: $TMPDIR or /tmp),
  #   in which one is made that goes with the last that has it open, this process or a child that it forked.
  # [+select_language+] of variants by language, one that is stored is chosen where Accept-Language wants none more.
  # [+head_timeout+, +connect_timeout+, +idle_timeout+, +total_timeout+] of Cache#fetch. *
  # [+verify_tls+] it is verified that the origin is who its URL says. Part of the key. *
  # [+follow+, +max_redirects+, +allow_downgrade+] redirects of Cache#fetch. *
  # [+retry+] send once more when a reused connection died before any byte. *
  # [+complete+] where the beginning of a response is stored, the origin is asked for the rest alone. Cache#fetch and
  #   the middleware join them; after Cache#lookup heed Exchange#continued?. *
  # [+max_head_bytes+, +max_fields+, +max_url_bytes+] limits of what is taken.
  # [+sort_query+] query parameters are sorted in the key.
  # [+unordered_fields+] the lists of all request fields mean the same in any order and letter case.
  # [+cache_status+] Cache-Status is added to what is handed on (RFC 9211).
  # [+immutable_forever+] with cache_control: what says +immutable+ never becomes stale, whatever else it says.
  #
  # [+keep_request+] beside a response all fields of its request are stored, and the body, without what +ignored+ keeps
  #   from the disk; else only what Vary needs.
  #
  # Lists, which take the place of their defaults, but for +ignored+ and +unordered_field_names+:
  #
  # [+methods+] whose responses are stored.
  # [+statuses+] that are stored.
  # [+ignored+] names of fields, of parameters of URLs and forms, and of members of JSON, or paths of these ("$.a.b",
  #   "$..name"): their values are left out of the key, and never reach the disk. They come to what authenticates;
  #   Options#clear_ignored takes that away.
  # [+match_fields+] names of request fields that are part of the key, beside those that Vary selects by.
  # [+unordered_field_names+] names of request fields whose lists mean the same in any order and letter case. They come
  #   to Accept, Accept-Charset, Accept-Encoding and Accept-Language.
  # [+targeted_fields+] names of targeted fields, the most specific first (RFC 9213); with cache_control.
  #
  # And:
  #
  # [+partition+] part of the key: a user, a tenant. At most 4096 bytes. *
  # [+ca_file+] a path: a file of certificates in PEM that vouch for origins, in place of the system's. Its content is
  #   part of the key. *
  # [+cache_name+] who this cache is in Cache-Status: printable ASCII.
  # [+status_expiry+] a Hash: how long responses of a status (404), or of a class of them (4), stay fresh, before
  #   expire_after. +:unset+ takes one back.
  # [+url_rules+] a Hash: how long responses stay fresh by URL. Of the patterns that match one the first holds, before
  #   status_expiry and expire_after; of :unset none does. A String is a glob, "[scheme://]host[:port][/path]", with
  #   +*+, +?+ and +[a-z]+ in the host, to its end, and in the path, from its beginning. A Regexp is searched for in
  #   the whole URL, as the library reads its source.
  #
  # Those marked * can be set for a request as well; there +:unset+ gives the cache's own setting back, but for
  # +partition+ and +ca_file+, of which nil says that the request has none, whatever the cache has.
  module Setting
    # Name, number, kind, and whether a request may set it.
    TABLE = {
      cache_control: [100, :flag],
      shared: [101, :flag],
      expire_after: [102, :duration, true],
      expire_at: [103, :instant, true],
      heuristic_percent: [104, :number],
      stale_if_error: [105, :duration, true],
      stale_while_revalidate: [106, :duration, true],
      always_revalidate: [107, :flag, true],
      refresh: [108, :flag, true],
      force_refresh: [109, :flag, true],
      only_if_cached: [110, :flag, true],
      bypass: [111, :flag, true],
      read_only: [112, :flag, true],
      match_all_fields: [113, :flag],
      ignored_presence_counts: [114, :flag],
      invalidate: [116, :flag],
      share_credentials: [117, :flag, true],
      no_vary_search: [118, :flag],
      groups: [119, :flag],
      max_response_bytes: [121, :number],
      durability: [122, :durability],
      max_variants: [123, :number],
      workers: [125, :flag],
      place: [126, :place],
      select_language: [127, :flag],
      head_timeout: [130, :duration, true],
      connect_timeout: [131, :duration, true],
      max_redirects: [132, :number, true],
      verify_tls: [133, :flag, true],
      idle_timeout: [135, :duration, true],
      total_timeout: [136, :duration, true],
      allow_downgrade: [137, :flag, true],
      max_head_bytes: [139, :number],
      max_fields: [140, :number],
      follow: [141, :flag, true],
      retry: [142, :flag, true],
      sort_query: [143, :flag],
      max_url_bytes: [144, :number],
      cache_status: [145, :flag],
      immutable_forever: [146, :flag],
      complete: [147, :flag, true],
      keep_request: [148, :flag],
      unordered_fields: [149, :flag]
    }.freeze

    # Name and number of those that are no numbers.
    LISTS = {
      methods: 200, statuses: 201, ignored: 202, match_fields: 203, targeted_fields: 206, unordered_field_names: 208
    }.freeze
    ADDED_TO = %i[ignored unordered_field_names].freeze

    # The same, and whether a request may set it.
    TEXTS = { partition: [300, true], cache_name: [301], ca_file: [311, true] }.freeze

    # Of those whose values have names, the names.
    NAMED = {
      durability: { fast: 0, safe: 1, synced: 2 }.freeze, place: { directory: 0, user: 1, temporary: 2 }.freeze
    }.freeze
    LARGEST = (1 << 63) - 1

    # The number and the value as the library takes them.
    def self.encode(name, value)
      number, kind = TABLE.fetch(name) { raise InvalidArgumentError, "#{name.inspect} is no setting" }
      [number, encode_value(name, kind, value)]
    end

    def self.encode_value(name, kind, value)
      case [kind, value]
      in :flag, true | false then value ? 1 : 0
      in :durability | :place, Symbol if NAMED[kind].key?(value) then NAMED[kind][value]
      in _, Symbol if Native::TIMES.key?(value) then Native::TIMES[value]
      in :number, Integer then checked(name, value)
      in :duration | :instant, _ then public_send(kind, value, name)
      else raise TypeError, "#{name} does not take #{value.inspect}"
      end
    end

    # What a value of the library's was given as.
    def self.decode(name, value)
      case TABLE.fetch(name)[1]
      when :flag then value == 1
      when :duration then Native::TIMES.key(value) || to_seconds(value)
      when :instant then to_time(value)
      else value
      end
    end

    # The bytes of a text; nil: there is none.
    def self.text(name, value)
      return if value.nil?

      Bytes.of(name == :ca_file ? File.path(value) : value)
    end

    # Milliseconds of seconds. What is not nothing does not become nothing, which has a meaning of its own.
    def self.duration(value, name = 'a duration')
      return Native::TIMES[value] if value.is_a?(Symbol) && Native::TIMES.key?(value)
      raise TypeError, "#{name} does not take #{value.inspect}" unless value.is_a?(Numeric) && value.real?

      checked(name, (value.to_r * 1000).ceil)
    rescue FloatDomainError
      raise InvalidArgumentError, "#{name} does not take #{value}"
    end

    # Milliseconds since the epoch of a Time, a Date or a DateTime.
    def self.instant(value, name = 'an instant')
      value = value.to_time if !value.is_a?(Time) && value.respond_to?(:to_time)
      raise TypeError, "#{name} does not take #{value.inspect}" unless value.is_a?(Time)

      checked(name, (value.to_r * 1000).floor)
    end

    # The same, where one of some names or nil may stand in its place.
    def self.instant_or_name(value, name, names = [])
      return Native::TIMES[value || :unset] if value.nil? || names.include?(value)

      instant(value, name)
    end

    PATTERNS = { glob: 1, regex: 2 }.freeze

    # The kind of a pattern for URLs, and its text.
    def self.pattern(pattern)
      return [PATTERNS[:glob], Bytes.of(pattern)] unless pattern.is_a?(Regexp)

      [PATTERNS[:regex], Bytes.of(pattern.casefold? ? "(?i)#{pattern.source}" : pattern.source)]
    end

    # Among the negative numbers are the named values: no arithmetic may come to one of them.
    def self.checked(name, number)
      return number if number.between?(0, LARGEST)

      raise InvalidArgumentError, "#{name} does not take #{number}"
    end

    def self.to_time(milliseconds)
      named(milliseconds) { Time.at(0, milliseconds, :millisecond) }
    end

    def self.to_seconds(milliseconds)
      named(milliseconds) { milliseconds / 1000.0 }
    end

    def self.named(milliseconds)
      case milliseconds
      when Native::TIMES[:unset] then nil
      when Native::TIMES[:never] then :never
      else yield
      end
    end
    private_class_method :named, :encode_value, :checked
  end
end
