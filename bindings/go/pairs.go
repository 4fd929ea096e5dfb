package httpcache

/*
#include "shim.h"
*/
import "C"

import "time"

// append adds pairs of an option's number and its value to s.
func (o *RequestOptions) append(s []int64) []int64 {
	switch e := o.Expiry; e.kind {
	case expiryAt:
		s = append(s, C.HC_OPT_EXPIRE_AT, notNegative(e.ms))
	case expiryAfter, expiryNamed:
		s = append(s, C.HC_OPT_EXPIRE_AFTER, e.ms)
	}
	s = appendStale(s, C.HC_OPT_STALE_IF_ERROR, o.StaleIfError)
	s = appendStale(s, C.HC_OPT_STALE_WHILE_REVALIDATE, o.StaleWhileRevalidate)
	s = appendSwitch(s, C.HC_OPT_ALWAYS_REVALIDATE, o.AlwaysRevalidate)
	s = appendSwitch(s, C.HC_OPT_REFRESH, o.Refresh)
	s = appendSwitch(s, C.HC_OPT_FORCE_REFRESH, o.ForceRefresh)
	s = appendSwitch(s, C.HC_OPT_COMPLETE, o.Complete)
	s = appendDuration(s, C.HC_OPT_CONNECT_TIMEOUT, o.ConnectTimeout)
	s = appendDuration(s, C.HC_OPT_HEAD_TIMEOUT, o.HeadTimeout)
	s = appendDuration(s, C.HC_OPT_IDLE_TIMEOUT, o.IdleTimeout)
	s = appendDuration(s, C.HC_OPT_TOTAL_TIMEOUT, o.TotalTimeout)
	s = appendSwitch(s, C.HC_OPT_ONLY_IF_CACHED, o.OnlyIfCached)
	s = appendSwitch(s, C.HC_OPT_BYPASS, o.Bypass)
	s = appendSwitch(s, C.HC_OPT_READ_ONLY, o.ReadOnly)
	s = appendSwitch(s, C.HC_OPT_SHARE_CREDENTIALS, o.ShareCredentials)
	s = appendSwitch(s, C.HC_OPT_VERIFY_TLS, o.VerifyTLS)
	s = appendSwitch(s, C.HC_OPT_FOLLOW, o.Follow)
	s = appendNumber(s, C.HC_OPT_MAX_REDIRECTS, int64(o.MaxRedirects))
	s = appendSwitch(s, C.HC_OPT_ALLOW_DOWNGRADE, o.AllowDowngrade)
	return appendSwitch(s, C.HC_OPT_RETRY, o.Retry)
}

// take takes over an option as the library has it.
func (o *RequestOptions) take(option C.hc_option, value int64) {
	switch option {
	case C.HC_OPT_EXPIRE_AT:
		o.Expiry = Expiry{expiryAt, value}
	case C.HC_OPT_EXPIRE_AFTER:
		o.Expiry = Expiry{expiryAfter, value}
		if value <= 0 {
			o.Expiry.kind = expiryNamed
		}
	case C.HC_OPT_STALE_IF_ERROR:
		o.StaleIfError = staleOf(value)
	case C.HC_OPT_STALE_WHILE_REVALIDATE:
		o.StaleWhileRevalidate = staleOf(value)
	case C.HC_OPT_ALWAYS_REVALIDATE:
		o.AlwaysRevalidate = switchOf(value)
	case C.HC_OPT_REFRESH:
		o.Refresh = switchOf(value)
	case C.HC_OPT_FORCE_REFRESH:
		o.ForceRefresh = switchOf(value)
	case C.HC_OPT_COMPLETE:
		o.Complete = switchOf(value)
	case C.HC_OPT_ONLY_IF_CACHED:
		o.OnlyIfCached = switchOf(value)
	case C.HC_OPT_BYPASS:
		o.Bypass = switchOf(value)
	case C.HC_OPT_READ_ONLY:
		o.ReadOnly = switchOf(value)
	case C.HC_OPT_SHARE_CREDENTIALS:
		o.ShareCredentials = switchOf(value)
	case C.HC_OPT_VERIFY_TLS:
		o.VerifyTLS = switchOf(value)
	case C.HC_OPT_CONNECT_TIMEOUT:
		o.ConnectTimeout = duration(value)
	case C.HC_OPT_HEAD_TIMEOUT:
		o.HeadTimeout = duration(value)
	case C.HC_OPT_IDLE_TIMEOUT:
		o.IdleTimeout = duration(value)
	case C.HC_OPT_TOTAL_TIMEOUT:
		o.TotalTimeout = duration(value)
	case C.HC_OPT_FOLLOW:
		o.Follow = switchOf(value)
	case C.HC_OPT_MAX_REDIRECTS:
		o.MaxRedirects = int(value)
	case C.HC_OPT_ALLOW_DOWNGRADE:
		o.AllowDowngrade = switchOf(value)
	case C.HC_OPT_RETRY:
		o.Retry = switchOf(value)
	}
}

func switchOf(value int64) Switch {
	if value != 0 {
		return On
	}
	return Off
}

func staleOf(value int64) time.Duration {
	if value == 0 {
		return -1
	}
	return duration(value)
}

// A name is an option that is text.
type name struct {
	option C.hc_option
	what   string
	text   string
	isNone bool // None, whatever the cache has.
}

func (o *RequestOptions) names() [2]name {
	return [2]name{
		{C.HC_STR_PARTITION, "the partition", o.Partition, o.NoPartition},
		{C.HC_STR_CA_FILE, "the file of certificates", o.CAFile, o.NoCAFile},
	}
}

// check refuses a name that is there and is none.
func (n *name) check() error {
	if n.text != "" && n.isNone {
		return &Error{Status: ErrArgument, Message: n.what + " is named, and there is to be none"}
	}
	return nil
}

func appendBool(s []int64, option int64, is bool) []int64 {
	if !is {
		return s
	}
	return append(s, option, 1)
}

// appendStale is for the times that are 0 by default: "not at all" is a negative one.
func appendStale(s []int64, option int64, d time.Duration) []int64 {
	if d < 0 {
		return append(s, option, 0)
	}
	return appendDuration(s, option, d)
}

func appendDuration(s []int64, option int64, d time.Duration) []int64 {
	if d == 0 {
		return s
	}
	return append(s, option, milliseconds(d))
}

func appendNumber(s []int64, option, n int64) []int64 {
	if n == 0 {
		return s
	}
	return append(s, option, notNegative(n))
}

func appendSwitch(s []int64, option int64, w Switch) []int64 {
	switch w {
	case Default:
		return s
	case On:
		return append(s, option, 1)
	case Off:
		return append(s, option, 0)
	}
	return append(s, option, -1)
}

// notNegative keeps a negative number of the caller from being one of the library's named values.
func notNegative(n int64) int64 {
	if n < 0 {
		return -1
	}
	return n
}
