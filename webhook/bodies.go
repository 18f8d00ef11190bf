package webhook

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"golang.org/x/sync/semaphore"
)

const (
	// bodiesAtOnce is the number of bodies of the maximum size that fit in memory.
	bodiesAtOnce = 4
	// smallBody is the size up to which a body is small. The large ones cannot use
	// up the memory for these bytes of each body.
	smallBody = 64 << 10
	// smallBytes is that memory.
	smallBytes = 16 << 20
	// firstBuffer is the memory for a body of which nothing has arrived.
	firstBuffer = 4 << 10
)

// errNoMemory means that the bodies of other requests use up the memory.
var errNoMemory = errors.New("the memory for notifications is used up")

// bodies bounds the memory for the bodies of requests. It counts the bytes that
// have arrived, not those that are announced.
type bodies struct {
	small, large *semaphore.Weighted
	// parsing admits one large body, because a parsed one takes several times its
	// size.
	parsing chan struct{}
	maxBody int64
}

func newBodies(maxBody int64) *bodies {
	return &bodies{
		small: semaphore.NewWeighted(smallBytes), large: semaphore.NewWeighted(bodiesAtOnce * maxBody),
		parsing: make(chan struct{}, 1), maxBody: maxBody,
	}
}

// reservation is the memory of a request.
type reservation struct {
	*bodies
	size int64
}

// release releases the memory of a request that is done.
func (r *reservation) release() { _ = r.resize(0) } // releasing does not fail

// resize reserves or releases memory, so that the request has a number of bytes.
func (r *reservation) resize(size int64) error {
	small := min(size, smallBody) - min(r.size, smallBody)
	large := max(size, smallBody) - max(r.size, smallBody)
	if small > 0 && !r.small.TryAcquire(small) {
		return errNoMemory
	}
	if large > 0 && !r.large.TryAcquire(large) {
		if small > 0 {
			r.small.Release(small)
		}
		return errNoMemory
	}
	r.small.Release(max(0, -small))
	r.large.Release(max(0, -large))
	r.size = size
	return nil
}

// read returns up to a limit of bytes, and reports whether there are more. The
// reserved memory grows with what arrives. announced is the expected size, or -1.
func (r *reservation) read(from io.Reader, limit, announced int64) (body []byte, more bool, err error) {
	grow := func(size int64) error {
		size = min(size, limit+1)
		if announced >= 0 && size > announced {
			size = max(announced+1, int64(cap(body))+1) // room for the end of the text
		}
		old := int64(cap(body))
		if err := r.resize(r.size + size); err != nil { // both, while one is copied
			return err
		}
		body = append(make([]byte, 0, size), body...)
		return r.resize(r.size - old)
	}
	for {
		if len(body) == cap(body) {
			if err := grow(max(firstBuffer, 2*int64(cap(body)))); err != nil {
				return nil, false, err
			}
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > limit {
			return body[:limit], true, nil
		}
		if errors.Is(err, io.EOF) {
			return body, false, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// readBody returns the body of a request, decompressed. If the body is larger
// than the limit, it returns its beginning, and reads the rest: a client whose
// post is cut off sees no answer.
func (r *reservation) readBody(req *http.Request) (body []byte, tooLarge bool, err error) {
	if body, tooLarge, err = r.read(req.Body, r.maxBody, req.ContentLength); err != nil {
		return nil, false, err
	}
	if _, err = io.Copy(io.Discard, req.Body); err != nil {
		return nil, false, err
	}
	unpacked, err := unpack(body, req.Header.Get("Content-Encoding"))
	if err != nil || unpacked == nil {
		return body, tooLarge, nil // it cannot be read, or is not packed
	}
	text, larger, err := r.read(unpacked, r.maxBody, -1)
	switch {
	case errors.Is(err, errNoMemory):
		return nil, false, err
	case err != nil:
		return body, tooLarge, nil
	}
	return text, tooLarge || larger, nil
}

// unpack returns the decompressed text of a body, or nil if it is not compressed.
// Some senders of gzip do not name the encoding.
func unpack(body []byte, encoding string) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		return gzip.NewReader(bytes.NewReader(body))
	case strings.EqualFold(strings.TrimSpace(encoding), "deflate"):
		unpacked, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil { // some senders leave the frame out
			return flate.NewReader(bytes.NewReader(body)), nil
		}
		return unpacked, nil
	default:
		return nil, nil
	}
}

// parse waits until a large body may be parsed. The caller calls the returned
// function when it is done.
func (b *bodies) parse(ctx context.Context, body []byte) (done func(), err error) {
	if len(body) <= smallBody {
		return func() {}, nil
	}
	select {
	case b.parsing <- struct{}{}:
		return func() { <-b.parsing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
