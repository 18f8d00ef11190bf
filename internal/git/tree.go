package git

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// treeHash returns the hash of the tree that git would write for entries, in the
// format of a known hash. Equal hashes prove equal entries.
func treeHash(entries map[string]entry, like string) (string, error) {
	// The order of whole paths is also git's order in each folder.
	sum, err := writeTree(slices.Sorted(maps.Keys(entries)), 0, entries, like)
	return hex.EncodeToString(sum), err
}

// writeTree returns the hash of the tree of a folder with these sorted paths,
// after the folder's own path.
func writeTree(paths []string, folder int, entries map[string]entry, like string) ([]byte, error) {
	var content []byte
	for len(paths) > 0 {
		name, _, inFolder := strings.Cut(paths[0][folder:], "/")
		n, mode := 1, modeFolder
		var id []byte
		var err error
		if inFolder {
			prefix := paths[0][:folder+len(name)+1]
			for n < len(paths) && strings.HasPrefix(paths[n], prefix) {
				n++
			}
			id, err = writeTree(paths[:n], len(prefix), entries, like)
		} else {
			mode = entries[paths[0]].mode
			id, err = hex.DecodeString(entries[paths[0]].hash)
		}
		if err != nil {
			return nil, err
		}
		content = append(append(append(content, mode+" "+name...), 0), id...)
		paths = paths[n:]
	}
	sum := object(like, "tree", int64(len(content)))
	sum.Write(content)
	return sum.Sum(nil), nil
}
