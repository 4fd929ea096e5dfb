# frozen_string_literal: true

require_relative 'helper'

# The raw layer says what the header says.
class TestNative < Minitest::Test
  HEADER = File.read(File.join(ROOT, 'include/httpcache.h'))
  CODE = HEADER.gsub(%r{/\*.*?\*/}m, '').gsub(/^#.*(?:\\\n.*)*$/, '')
  FUNCTIONS = CODE.scan(/^([a-z][\w ]*\**)\s*\b(hc_\w+)\(([^;{}]*)\);/m).to_h do |result, name, arguments|
    [name.to_sym, [result.strip, arguments.strip.split(/\s*,\s*/)]]
  end

  # The replacement of the transport is the header's second tier, which this gem leaves out.
  LEFT_OUT = %i[hc_options_transport].freeze

  def test_all_functions_are_bound
    assert_operator FUNCTIONS.size, :>, 50
    assert_equal FUNCTIONS.keys - LEFT_OUT, HTTPCache::Native::FUNCTIONS.keys
  end

  (FUNCTIONS.keys - LEFT_OUT).each do |name|
    define_method(:"test_#{name}_takes_and_gives_what_the_header_says") do
      result, arguments = FUNCTIONS.fetch(name)
      bound_arguments, bound_result, = HTTPCache::Native::FUNCTIONS.fetch(name)
      arguments = [] if arguments == ['void']
      assert_equal arguments.size, bound_arguments.size
      arguments.zip(bound_arguments) { |c, bound| assert_includes kinds(c), bound, c }
      assert_includes kinds("#{result} result"), bound_result
    end
  end

  def test_calls_that_wait_let_other_threads_run
    waiting = HEADER.scan(%r{/\*((?:(?!\*/).)*?)\*/\s*\n[^/\n#]*?\b(hc_\w+)\(}m)
                    .filter_map { |comment, name| name.to_sym if comment.include?('[wait]') }
    assert_operator waiting.size, :>=, 9
    (waiting - LEFT_OUT).each { |name| assert HTTPCache::Native::FUNCTIONS.fetch(name)[2], "#{name} waits" }
  end

  def test_statuses
    assert_equal constants('hc_status_code').values.select(&:negative?), HTTPCache::BY_STATUS.keys
    assert_equal [0, 1, 2], HTTPCache::Native.then { |native| [native::OK, native::DONE, native::NOT_FOUND] }
    assert_equal constants('hc_status_code')['HC_E_CALLBACK'], HTTPCache::Native::CALLBACK_FAILED
  end

  def test_named_times
    names = { 'HC_EXPIRE_IMMEDIATELY' => :immediately, 'HC_UNSET' => :unset, 'HC_NEVER_EXPIRE' => :never,
              'HC_DO_NOT_CACHE' => :do_not_cache }
    assert_equal constants('hc_time').transform_keys(names), HTTPCache::Native::TIMES
  end

  def test_decisions_outcomes_levels_and_flags
    native = HTTPCache::Native
    { 'hc_decision' => native::DECISIONS.invert, 'hc_outcome' => native::OUTCOMES.invert,
      'hc_pattern' => HTTPCache::Setting::PATTERNS,
      'hc_log_level' => native::LOG_LEVELS, 'hc_view_flag' => native::FLAGS }.each do |type, bound|
      names = constants(type).transform_keys { |name| name.sub(/\AHC_(?:LOG_)?/, '').downcase.to_sym }
      assert_equal names, bound, type
    end
  end

  def test_what_a_query_asks_for
    query = HTTPCache::Query
    { 'hc_match' => query::MATCHES, 'hc_order' => { **query::ORDERS, descending: query::DESCENDING } }
      .each do |type, bound|
        names = constants(type).transform_keys { |name| name.sub(/\AHC_(?:MATCH_|ORDER_)?/, '').downcase.to_sym }
        assert_equal names, bound, type
      end
  end

  def test_settings
    names = constants('hc_option_key').transform_keys { |name| name.delete_prefix('HC_OPT_').downcase.to_sym }
    assert_equal names, HTTPCache::Setting::TABLE.transform_values(&:first)
  end

  def test_lists_and_texts
    names = constants('hc_list_key').transform_keys { |name| name.sub(/\AHC_(?:LIST|STR)_/, '').downcase.to_sym }
    plural = { method: :methods, status: :statuses, match_field: :match_fields, targeted_field: :targeted_fields,
               unordered_field: :unordered_field_names }
    assert_equal names.transform_keys { |name| plural.fetch(name, name) },
                 HTTPCache::Setting::LISTS.merge(HTTPCache::Setting::TEXTS.transform_values(&:first))
  end

  def test_settings_of_a_request_are_those_with_a_star
    setting = HTTPCache::Setting
    { 'hc_option_key' => [setting::TABLE, 'HC_OPT', 2], 'hc_list_key' => [setting::TEXTS, 'HC_STR', 1] }
      .each do |type, (table, prefix, at)|
        body = HEADER[/typedef enum \{((?:(?!typedef).)*?)\} #{type};/m, 1]
        starred = comments_of(body).filter_map { |name, comment| name if comment.match?(/ \* /) }
        bound = table.select { |_, row| row[at] }
        assert_equal starred, bound.keys.map { |name| "#{prefix}_#{name.upcase}" }
      end
  end

  def test_a_key_has_room
    assert_equal HEADER[/HC_KEY_SIZE (\d+)/, 1].to_i, HTTPCache::Native::KEY_SIZE
  end

  def test_layout_of_structs
    { 'hc_view' => [HTTPCache::Native::VIEW, HTTPCache::Native::VIEW_SIZE],
      'hc_stats' => [HTTPCache::Native::STATS, HTTPCache::Native::STATS_SIZE],
      'hc_rekeyed' => [HTTPCache::Native::REKEYED, HTTPCache::Native::REKEYED_SIZE],
      'hc_updated' => [HTTPCache::Native::UPDATED, HTTPCache::Native::UPDATED_SIZE],
      'hc_verification' => [HTTPCache::Native::VERIFICATION, HTTPCache::Native::VERIFICATION_SIZE],
      'hc_query' => [HTTPCache::Native::QUERY, HTTPCache::Native::QUERY_SIZE] }.each do |name, (format, size)|
      letters, end_of_struct = layout(name)
      assert_equal letters, format.gsub(/(\w)(\d+)/) { Regexp.last_match(1) * Regexp.last_match(2).to_i }
      assert_equal end_of_struct, size
    end
    assert_equal 32, layout('hc_field').last
    { 'hc_stats' => HTTPCache::Stats, 'hc_rekeyed' => HTTPCache::Rekeyed,
      'hc_updated' => HTTPCache::Updated, 'hc_verification' => HTTPCache::Verification }.each do |name, struct|
      assert_equal members(name).drop(1).map { |member| member[/\w+\z/].to_sym }, struct.members
    end
  end

  def test_version
    assert_equal HEADER[/HC_VERSION "(.*)"/, 1], HTTPCache::VERSION
    assert_equal HTTPCache::VERSION, HTTPCache::Native.hc_version
  end

  private

  # The types that may stand for one of C.
  def kinds(declared)
    case declared
    when /_fn \w+\z/ then %i[function]
    when /\Aconst char \*/ then %i[bytes string address]
    when /\A(?:const )?void \*(?!\*|user)|\Aconst uint32_t \*/ then %i[bytes address]
    when /\*/ then %i[address]
    when /\Ahc_status/ then %i[status]
    when /\Ahc_option/ then %i[int32]
    when /\A(?:u?int\d+)_t/ then [declared[/\Au?int\d+/].to_sym]
    else [declared[/\A\w+/].to_sym]
    end
  end

  def constants(type)
    body = CODE[/typedef enum \{([^}]*)\} #{type};/, 1]
    body.scan(/(HC_\w+) = (-?\d+)/).to_h.transform_values(&:to_i)
  end

  # Each name of an enum with the comment before or behind it.
  def comments_of(body)
    body.scan(%r{((?:/\*(?:(?!\*/).)*\*/\s*)*)(HC_\w+) = \d+,([ \t]*/\*[^\n]*\*/)?}m).to_h do |before, name, behind|
      [name, "#{before} #{behind}".gsub(/^\s*\*/, '')]
    end
  end

  def members(struct)
    CODE[/typedef struct \{([^}]*)\} #{struct};/, 1].split(';').map(&:strip).reject(&:empty?)
  end

  # What String#unpack calls the members, and where the last one ends; each lies where it is naturally aligned.
  def layout(struct)
    at = 0
    letters = members(struct).map do |member|
      size, letter = member_type(member)
      assert_equal 0, at % size, "#{member} would be moved"
      at += size
      letter
    end
    [letters.join, at]
  end

  def member_type(member)
    case member
    when /\*|\Asize_t|\Auint64_t/ then [8, 'Q']
    when /\Aint64_t/ then [8, 'q']
    when /\Aint32_t/ then [4, 'l']
    when /\Auint32_t/ then [4, 'L']
    end
  end
end
