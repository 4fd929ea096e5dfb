package httpcache

import (
	"net/http"
	"strings"
)

// A Field is one header field, a name and a value as they were written. A value may hold any byte but CR, LF and NUL.
type Field struct{ Name, Value string }

// Fields are header fields in their order, repeats kept. Names are matched without regard to case.
type Fields []Field

// FieldsOf lists the fields of h; those of different names come in any order.
func FieldsOf(h http.Header) Fields {
	f := make(Fields, 0, len(h))
	for name, values := range h {
		for _, value := range values {
			f = append(f, Field{name, value})
		}
	}
	return f
}

// Add appends a field.
func (f *Fields) Add(name, value string) { *f = append(*f, Field{name, value}) }

// Get gives the value of the first field of a name, "" where there is none.
func (f Fields) Get(name string) string {
	for i := range f {
		if equalFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return ""
}

// Values gives the values of all fields of a name.
func (f Fields) Values(name string) []string {
	var values []string
	for i := range f {
		if equalFold(f[i].Name, name) {
			values = append(values, f[i].Value)
		}
	}
	return values
}

// Header makes an [http.Header] of the fields.
func (f Fields) Header() http.Header {
	h := make(http.Header, len(f))
	values := make([]string, len(f))
	for i := range f {
		name := http.CanonicalHeaderKey(f[i].Name)
		if of, has := h[name]; has {
			h[name] = append(of, f[i].Value)
			continue
		}
		// Of one value with a capacity of one: the next of this name moves it elsewhere, as in net/http.
		values[i] = f[i].Value
		h[name] = values[i : i+1 : i+1]
	}
	return h
}

// equalFold is strings.EqualFold without a call for names of different length. Names are ASCII.
func equalFold(a, b string) bool { return len(a) == len(b) && (a == b || strings.EqualFold(a, b)) }
