package httpcache

/*
#include "shim.h"
*/
import "C"

import "unsafe"

// A Request is what the cache is asked. It is a plain value: the cache copies what it needs, and never changes it.
type Request struct {
	Method string // "" is GET.
	// http or https, and absolute. It is normalised (RFC 3986 6), its fragment dropped, and what stands before an
	// "@" becomes an Authorization field.
	URL    string
	Fields Fields
	Body   []byte
	RequestOptions
}

// An Answer is what an origin answered to a request that was forwarded.
type Answer struct {
	Status int    // 200 to 999.
	Reason string // The reason phrase, or "".
	Fields Fields
	Body   []byte // Of Store alone.
}

// copyRequest copies a request of the library.
func copyRequest(r *C.hc_request) *Request {
	if r == nil {
		return nil
	}
	var all C.hcgo_request
	C.hcgo_read_request(r, &all)
	copied := &Request{
		Method: C.GoString(all.method),
		URL:    C.GoString(all.url),
		Fields: copyFields(all.fields, all.field_count),
		Body:   copyBytes(all.body, all.body_len),
	}
	for i := C.size_t(0); i < all.settings_count; i++ {
		copied.take(C.hc_option(all.settings[2*i]), int64(all.settings[2*i+1]))
	}
	return copied
}

// copyFields copies fields that lie apart; see also copyBlock.
func copyFields(fields *C.hc_field, n C.size_t) Fields {
	f := make(Fields, n)
	for i, field := range unsafe.Slice(fields, int(n)) {
		f[i] = Field{goString(field.name, field.name_len), goString(field.value, field.value_len)}
	}
	return f
}

// copyBlock copies fields that all lie in one block of text, with one string for all of them.
func copyBlock(fields *C.hc_field, n C.size_t, text *C.char, size C.size_t) Fields {
	f := make(Fields, n)
	block := goString(text, size)
	start := uintptr(unsafe.Pointer(text))
	for i, field := range unsafe.Slice(fields, int(n)) {
		name, value := uintptr(unsafe.Pointer(field.name))-start, uintptr(unsafe.Pointer(field.value))-start
		f[i] = Field{block[name : name+uintptr(field.name_len)], block[value : value+uintptr(field.value_len)]}
	}
	return f
}

// goString is C.GoStringN for any size.
func goString(text *C.char, size C.size_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(size)))
}

// copyBytes is C.GoBytes for any size, and nil for nothing.
func copyBytes(data unsafe.Pointer, size C.size_t) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(data), int(size))...)
}
