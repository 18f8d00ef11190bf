package checker

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// The algorithms of a digest. The plain one finds what was changed by accident
// or by hand; who can write the file can also make a new digest. The keyed one
// proves that the evidence is of somebody who has the key.
const (
	plainDigest = "sha256:"
	keyedDigest = "hmac-sha256:"
)

// seal returns the evidence as a file's content with a digest in it. The
// digest is of that content with the empty text in the digest's place:
// SHA-256, or HMAC-SHA-256 when there is a key.
func (e Evidence) seal(key []byte) ([]byte, error) {
	e.Digest = ""
	data, err := e.marshal()
	if err != nil {
		return nil, err
	}
	const empty = `"digest": ""`
	i := bytes.LastIndex(data, []byte(empty)) // it is the last field
	if i < 0 {
		return nil, errors.New("evidence: no place for the digest")
	}
	sealed := append([]byte{}, data[:i]...)
	sealed = append(sealed, `"digest": "`+digest(data, key)+`"`...)
	return append(sealed, data[i+len(empty):]...), nil
}

// digest returns algorithm and digest of data.
func digest(data, key []byte) string {
	name, h := plainDigest, sha256.New()
	if len(key) > 0 {
		name, h = keyedDigest, hmac.New(sha256.New, key)
	}
	h.Write(data)
	return name + hex.EncodeToString(h.Sum(nil))
}

// ReadEvidence reads evidence that was sealed with the same key, or without
// one. Its errors say what is wrong with the file and what to do.
func ReadEvidence(path string, key []byte) (Evidence, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Evidence{}, fmt.Errorf("there is no evidence: %s does not exist", path)
	}
	if err != nil {
		return Evidence{}, err
	}
	e, err := openSeal(data, key)
	if err != nil {
		return Evidence{}, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

func openSeal(data, key []byte) (Evidence, error) {
	var e Evidence
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("is not evidence of a run: %w", err)
	}
	keyed := strings.HasPrefix(e.Digest, keyedDigest)
	switch {
	case e.Schema != evidenceVersion:
		return e, fmt.Errorf("has the schema version %d, and this program reads %d: run the preflight again", e.Schema, evidenceVersion)
	case keyed && len(key) == 0:
		return e, errors.New("was sealed with a key, and there is none to check it with: set " + evidenceKeyVariable)
	case !keyed && len(key) > 0:
		return e, errors.New("was not sealed with the key of " + evidenceKeyVariable + ": run the preflight again with the key")
	}
	field := []byte(`"digest": "` + e.Digest + `"`)
	i := bytes.LastIndex(data, field)
	if i < 0 {
		return e, errEdited
	}
	unsealed := append([]byte{}, data[:i]...)
	unsealed = append(unsealed, `"digest": ""`...)
	unsealed = append(unsealed, data[i+len(field):]...)
	if !hmac.Equal([]byte(digest(unsealed, key)), []byte(e.Digest)) {
		if keyed {
			return e, errors.New("was changed after the run, or sealed with another key: run the preflight again")
		}
		return e, errEdited
	}
	return e, nil
}

var errEdited = errors.New("was changed after the run: its digest does not fit; run the preflight again")

// evidenceKeyVariable is the environment variable of the key that evidence is sealed
// with.
const evidenceKeyVariable = "PREFLIGHT_EVIDENCE_KEY"
