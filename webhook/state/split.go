package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxHeaders is the maximum size of all copies of the other fields.
const maxHeaders = 64 << 20

// Split returns the notifications into which a notification with more than largest
// alerts is divided, so that applying it delays no other. They have its group and
// at most atMost alerts each. Split returns nil if the body has no more alerts than
// largest, or is irregular.
func Split(body []byte, largest, atMost int) [][]byte {
	lists, header, err := splitAlerts(decodeText(body), atMost)
	if err != nil || len(lists)*atMost <= largest {
		return nil
	}
	header["parts"], _ = json.Marshal(len(lists))
	size := 0
	for _, value := range header {
		size += len(value)
	}
	if size*len(lists) > maxHeaders {
		return nil
	}
	parts := make([][]byte, len(lists))
	for i, list := range lists {
		header["part"], _ = json.Marshal(i + 1)
		rest, err := json.Marshal(header)
		if err != nil {
			return nil
		}
		list = append(list, `],`...)
		parts[i] = append(list, rest[1:]...)
		lists[i] = nil
	}
	return parts
}

var errIrregular = errors.New("irregular")

// splitAlerts returns the beginnings of the parts, up to the last alert of each,
// and the other fields of the notification.
func splitAlerts(body []byte, atMost int) (lists [][]byte, header map[string]json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := expect(decoder, '{'); err != nil {
		return nil, nil, err
	}
	header = map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, nil, err
		}
		if name == "alerts" {
			if lists != nil {
				return nil, nil, errIrregular
			}
			lists, err = splitList(decoder, atMost)
		} else {
			var value json.RawMessage
			if err = decoder.Decode(&value); err == nil {
				header[name.(string)] = value // the decoder returns no other key
			}
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if err := expect(decoder, '}'); err != nil {
		return nil, nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errIrregular
	}
	return lists, header, nil
}

// splitList reads a list of alerts.
func splitList(decoder *json.Decoder, atMost int) (lists [][]byte, err error) {
	if err := expect(decoder, '['); err != nil {
		return nil, err
	}
	var alert json.RawMessage
	for n := 0; decoder.More(); n++ {
		if err := decoder.Decode(&alert); err != nil {
			return nil, err
		}
		if n%atMost == 0 {
			lists = append(lists, []byte(`{"alerts":[`))
		} else {
			lists[len(lists)-1] = append(lists[len(lists)-1], ',')
		}
		lists[len(lists)-1] = append(lists[len(lists)-1], alert...)
	}
	return lists, expect(decoder, ']')
}

// expect reads a delimiter.
func expect(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err == nil && token != want {
		err = errIrregular
	}
	return err
}

// Elements returns the number of objects and commas of a JSON text, without those
// in strings. Parsing it takes memory for each.
func Elements(body []byte) (n int) {
	text := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			text = !text
		case text && c == '\\':
			i++ // the next character is escaped
		case !text && (c == '{' || c == ','):
			n++
		}
	}
	return n
}
