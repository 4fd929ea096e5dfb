package httpcache

/*
#include "shim.h"
*/
import "C"

import (
	"math"
	"sync"
	"unsafe"
)

// A message is what goes into the library in one block, and what comes out. It is reused: a hit allocates none.
type message struct {
	block    []byte
	lengths  []C.uint32_t
	settings []int64
	fields   int
	result   C.hcgo_result
}

var messages = sync.Pool{New: func() any { return new(message) }}

func takeMessage() *message {
	m := messages.Get().(*message)
	m.block, m.lengths, m.settings, m.fields = m.block[:0], m.lengths[:0], m.settings[:0], 0
	return m
}

func (m *message) put() {
	m.result = C.hcgo_result{}
	// What was once very large is not kept for ever.
	if cap(m.block) <= 1<<16 {
		messages.Put(m)
	}
}

func (m *message) add(s string) error {
	if uint64(len(s)) > math.MaxUint32 {
		return &Error{Status: ErrTooLarge, Message: "a string has more than 4 GiB"}
	}
	m.block = append(m.block, s...)
	m.lengths = append(m.lengths, C.uint32_t(len(s)))
	return nil
}

func (m *message) addFields(f Fields) error {
	m.fields = len(f)
	for i := range f {
		if err := m.add(f[i].Name); err != nil {
			return err
		}
		if err := m.add(f[i].Value); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) setRequest(r *Request) error {
	if r == nil {
		return &Error{Status: ErrArgument, Message: "the request is nil"}
	}
	method := r.Method
	if method == "" {
		method = "GET"
	}
	if err := m.add(method); err != nil {
		return err
	}
	if err := m.add(r.URL); err != nil {
		return err
	}
	return m.addFields(r.Fields)
}

// ask is a request with its options.
func (m *message) ask(r *Request) error {
	if err := m.setRequest(r); err != nil {
		return err
	}
	return m.setOptions(&r.RequestOptions)
}

// setOptions follows the fields; the text of names stands behind them.
func (m *message) setOptions(o *RequestOptions) error {
	m.settings = o.append(m.settings)
	names := o.names()
	for i := range names {
		switch name := &names[i]; {
		case name.text != "":
			if err := name.check(); err != nil {
				return err
			}
			m.block = append(m.block, name.text...)
			m.settings = append(m.settings, int64(name.option), int64(len(name.text)))
		case name.isNone:
			m.settings = append(m.settings, int64(name.option), -1)
		}
	}
	return nil
}

func (m *message) setAnswer(a *Answer) error {
	if a == nil {
		return &Error{Status: ErrArgument, Message: "the answer is nil"}
	}
	if a.Status < 0 || a.Status > 999 {
		return &Error{Status: ErrArgument, Message: "the status is not between 100 and 999"}
	}
	if err := m.add(a.Reason); err != nil {
		return err
	}
	return m.addFields(a.Fields)
}

// text is the block and the lengths of its parts. Neither is empty.
func (m *message) text() (*C.char, *C.uint32_t, C.size_t) {
	m.block = append(m.block, 0)
	return (*C.char)(unsafe.Pointer(&m.block[0])), &m.lengths[0], C.size_t(m.fields)
}

func (m *message) pairs() (*C.int64_t, C.size_t) {
	if len(m.settings) == 0 {
		return nil, 0
	}
	return (*C.int64_t)(unsafe.Pointer(&m.settings[0])), C.size_t(len(m.settings) / 2)
}

func bytesOf(b []byte) (unsafe.Pointer, C.size_t) {
	if len(b) == 0 {
		return nil, 0
	}
	return unsafe.Pointer(&b[0]), C.size_t(len(b))
}
