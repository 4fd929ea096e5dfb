# frozen_string_literal: true

module HTTPCache
  VERSION = '0.1.0'
end
