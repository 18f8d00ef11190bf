package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
)

// digestKey is the keyword of a picture's text with the digest of its messages.
const digestKey = "messages"

// cutBelow returns the picture without the last rows that are equal to the last
// one.
func cutBelow(data []byte) ([]byte, error) {
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	part, ok := drawn.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok {
		return nil, errors.New("png: the image has no parts")
	}
	box := drawn.Bounds()
	empty := func(y int) bool {
		for x := box.Min.X; x < box.Max.X; x++ {
			if drawn.At(x, y) != drawn.At(box.Min.X, box.Max.Y-1) {
				return false
			}
		}
		return true
	}
	const margin = 16
	last := box.Max.Y
	for last > box.Min.Y+1 && empty(last-1) {
		last--
	}
	box.Max.Y = min(last+margin, box.Max.Y)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, part.SubImage(box)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// A PNG file consists of a signature and chunks: length, type, data, checksum.
// The first chunk has 13 bytes of data.
const (
	signature  = 8
	firstChunk = 4 + 4 + 13 + 4
)

// withText returns a PNG file with a text chunk after its first chunk.
func withText(data []byte, key, text string) ([]byte, error) {
	if len(data) < signature+firstChunk {
		return nil, errors.New("png: no chunks")
	}
	body := append([]byte("tEXt"+key+"\x00"), text...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	return bytes.Join([][]byte{data[:signature+firstChunk], chunk, data[signature+firstChunk:]}, nil), nil
}
