package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"log"
	"runtime/cgo"
	"strconv"
)

func (o *Options) append(s []int64) []int64 {
	s = o.RequestOptions.append(s)
	s = appendBool(s, C.HC_OPT_CACHE_CONTROL, o.CacheControl)
	s = appendBool(s, C.HC_OPT_SHARED, o.Shared)
	s = appendBool(s, C.HC_OPT_IMMUTABLE_FOREVER, o.ImmutableForever)
	s = appendBool(s, C.HC_OPT_MATCH_ALL_FIELDS, o.MatchAllFields)
	s = appendBool(s, C.HC_OPT_IGNORED_PRESENCE_COUNTS, o.IgnoredPresenceCounts)
	s = appendBool(s, C.HC_OPT_UNORDERED_FIELDS, o.AllFieldsUnordered)
	s = appendBool(s, C.HC_OPT_NO_VARY_SEARCH, o.NoVarySearch)
	s = appendBool(s, C.HC_OPT_GROUPS, o.Groups)
	s = appendBool(s, C.HC_OPT_SELECT_LANGUAGE, o.SelectLanguage)
	s = appendBool(s, C.HC_OPT_CACHE_STATUS, o.CacheStatus)
	s = appendSwitch(s, C.HC_OPT_INVALIDATE, o.Invalidate)
	s = appendSwitch(s, C.HC_OPT_WORKERS, o.Workers)
	if o.HeuristicPercent < 0 {
		s = append(s, C.HC_OPT_HEURISTIC_PERCENT, 0)
	} else {
		s = appendNumber(s, C.HC_OPT_HEURISTIC_PERCENT, int64(o.HeuristicPercent))
	}
	s = appendSwitch(s, C.HC_OPT_SORT_QUERY, o.SortQuery)
	s = appendSwitch(s, C.HC_OPT_KEEP_REQUEST, o.KeepRequest)
	if o.Durability != AsMade {
		s = append(s, C.HC_OPT_DURABILITY, int64(o.Durability-Fast))
	}
	if o.Place != PlaceDirectory {
		s = append(s, C.HC_OPT_PLACE, int64(o.Place))
	}
	s = appendNumber(s, C.HC_OPT_MAX_RESPONSE_BYTES, o.MaxResponseBytes)
	s = appendNumber(s, C.HC_OPT_MAX_VARIANTS, int64(o.MaxVariants))
	s = appendNumber(s, C.HC_OPT_MAX_URL_BYTES, int64(o.MaxURLBytes))
	s = appendNumber(s, C.HC_OPT_MAX_HEAD_BYTES, int64(o.MaxHeadBytes))
	return appendNumber(s, C.HC_OPT_MAX_FIELDS, int64(o.MaxFields))
}

// make makes the library's options; free them with hc_options_free.
func (o *Options) make() (*C.hc_options, error) {
	made := C.hc_options_new()
	if made == nil {
		return nil, newError(C.HC_E_NO_MEMORY, nil)
	}
	if err := o.set(made); err != nil {
		C.hc_options_free(made)
		return nil, err
	}
	return made, nil
}

func (o *Options) set(made *C.hc_options) error {
	settings := o.append(nil)
	for i := 0; i < len(settings); i += 2 {
		var err *C.hc_error
		status := C.hc_options_set(made, C.hc_option(settings[i]), C.int64_t(settings[i+1]), &err)
		if status != C.HC_OK {
			return newError(status, err)
		}
	}
	statuses := make([]string, len(o.Statuses))
	for i, status := range o.Statuses {
		statuses[i] = strconv.Itoa(status)
	}
	for _, list := range []struct {
		key   C.hc_option
		items []string
	}{
		{C.HC_LIST_METHOD, o.Methods}, {C.HC_LIST_STATUS, statuses}, {C.HC_LIST_TARGETED_FIELD, o.TargetedFields},
		{C.HC_LIST_MATCH_FIELD, o.MatchFields}, {C.HC_LIST_UNORDERED_FIELD, o.UnorderedFields},
	} {
		if err := setList(made, list.key, list.items); err != nil {
			return err
		}
	}
	if err := setIgnored(made, o); err != nil {
		return err
	}
	for status, expiry := range o.StatusExpiry {
		if err := setStatusExpiry(made, status, expiry); err != nil {
			return err
		}
	}
	for _, rule := range o.URLRules {
		if err := addURLRule(made, rule); err != nil {
			return err
		}
	}
	names := o.names()
	for _, name := range append(names[:], name{option: C.HC_STR_CACHE_NAME, text: o.CacheName}) {
		if err := setName(made, name); err != nil {
			return err
		}
	}
	return nil
}

func setName(made *C.hc_options, name name) error {
	if err := name.check(); err != nil || name.text == "" {
		return err
	}
	var err *C.hc_error
	text, size := textOf(name.text)
	if status := C.hc_options_set_string(made, name.option, text, size, &err); status != C.HC_OK {
		return newError(status, err)
	}
	return nil
}

// setList replaces the default of a list, unless there are no items.
func setList(made *C.hc_options, key C.hc_option, items []string) error {
	if len(items) == 0 {
		return nil
	}
	var err *C.hc_error
	if status := C.hc_options_clear(made, key, &err); status != C.HC_OK {
		return newError(status, err)
	}
	return addToList(made, key, items)
}

// DefaultIgnored gives the names of Options.Ignored that are there without being added: those that authenticate.
func DefaultIgnored() []string {
	made := C.hc_options_new()
	defer C.hc_options_free(made)
	var names []string
	for i := C.size_t(0); ; i++ {
		name := C.hc_options_item(made, C.HC_LIST_IGNORED, i)
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// setIgnored adds: what authenticates stays ignored until somebody says otherwise.
func setIgnored(made *C.hc_options, o *Options) error {
	if o.ClearIgnored {
		var err *C.hc_error
		if status := C.hc_options_clear(made, C.HC_LIST_IGNORED, &err); status != C.HC_OK {
			return newError(status, err)
		}
	}
	return addToList(made, C.HC_LIST_IGNORED, o.Ignored)
}

func addToList(made *C.hc_options, key C.hc_option, items []string) error {
	var err *C.hc_error
	status := C.hc_status(C.HC_OK)
	for i := 0; status == C.HC_OK && i < len(items); i++ {
		item, size := textOf(items[i])
		status = C.hc_options_add(made, key, item, size, &err)
	}
	if status != C.HC_OK {
		return newError(status, err)
	}
	return nil
}

func setStatusExpiry(made *C.hc_options, status int, expiry Expiry) error {
	if status != int(int32(status)) {
		return &Error{Status: ErrArgument, Message: "the status is not between 100 and 999"}
	}
	ms, wrong := durationOf(expiry, "a status")
	if wrong != nil {
		return wrong
	}
	var err *C.hc_error
	if status := C.hc_options_status_expiry(made, C.int32_t(status), ms, &err); status != C.HC_OK {
		return newError(status, err)
	}
	return nil
}

func addURLRule(made *C.hc_options, rule URLRule) error {
	kind, pattern := C.HC_GLOB, rule.Glob
	if rule.Regexp != "" {
		if rule.Glob != "" {
			return &Error{Status: ErrArgument, Message: "a rule has a glob and a regular expression"}
		}
		kind, pattern = C.HC_REGEX, rule.Regexp
	}
	ms, wrong := durationOf(rule.Expiry, "a rule")
	if wrong != nil {
		return wrong
	}
	var err *C.hc_error
	text, size := textOf(pattern)
	if status := C.hc_options_add_url_rule(made, C.int32_t(kind), text, size, ms, &err); status != C.HC_OK {
		return newError(status, err)
	}
	return nil
}

// durationOf is an expiry that counts from the receipt of a response.
func durationOf(expiry Expiry, of string) (C.int64_t, error) {
	switch expiry.kind {
	case expiryUnset:
		return C.HC_UNSET, nil
	case expiryAt:
		return 0, &Error{Status: ErrArgument, Message: "the expiry of " + of + " is an instant"}
	}
	return C.int64_t(expiry.ms), nil
}

// setCallbacks gives what the options say of which requests are the same by functions; nil: nothing.
func (o *Options) setCallbacks(made *C.hc_options) *matcher {
	level, say := o.LogLevel, o.Log
	if level == 0 {
		level = LogWarning
	}
	if say != nil {
		C.hcgo_options_log(made, C.int32_t(level), C.uintptr_t(cgo.NewHandle(logger(say))))
	} else {
		say = func(_ LogLevel, line string) { log.Print("httpcache: ", line) }
	}
	if o.Filter != nil {
		C.hcgo_options_filter(made, C.uintptr_t(cgo.NewHandle(&filter{o.Filter, say})))
	}
	if o.Now != nil {
		C.hcgo_options_clock(made, C.uintptr_t(cgo.NewHandle(&clock{o.Now, say})))
	}
	if o.KeyFunc == nil && o.Normalize == nil {
		return nil
	}
	m := &matcher{o.KeyFunc, o.Normalize, say}
	if o.KeyFunc != nil {
		C.hcgo_options_key(made, C.uintptr_t(cgo.NewHandle(m)))
	}
	if o.Normalize != nil {
		C.hcgo_options_normalize(made, C.uintptr_t(cgo.NewHandle(m)))
	}
	return m
}

// textOf lends a string of Go's for one call. An empty one has no bytes to point to.
func textOf(s string) (*C.char, C.size_t) {
	data, size := bytesOf([]byte(s))
	return (*C.char)(data), size
}
