package emit

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/routing"
)

// secrets adds the secrets of a Native as keys for their files. A key with dots
// is below others: http_config.authorization.credentials.
func (b *amBuilder) secrets(node *yaml.Node, r routing.Receiver, i integration) {
	for _, path := range i.secretKeys() {
		b.secret(node, r, i, path)
	}
}

func (b *amBuilder) secret(node *yaml.Node, r routing.Receiver, i integration, path string) {
	f := finding.Finding{Code: finding.NoMeans, Where: fmt.Sprintf("receiver %q", r.Name), Part: fmt.Sprintf("%s.Secrets[%q]", i.field, path)}
	c := i.secrets[path]
	if c.Empty() {
		return // another check reports it
	}
	file, known := amfile.FileKey(i.kind, path)
	switch base, named := strings.CutSuffix(path, "_file"); {
	case file != "":
	case named && slices.Contains(known, base):
		f.Reason = fmt.Sprintf("name the key of the secret, %q: the generator writes %s", base, path)
	case amfile.HasKey(i.kind, path):
		f.Reason = amfile.NoFile(path)
	default:
		f.Reason = fmt.Sprintf("the integration %s has no secret %q", i.kind, path)
		f.Suggestion = suggest.Nearest(path, known)
		if own := topLevel(known); f.Suggestion == "" {
			f.Reason += ": it has " + strings.Join(append(own, "http_config.authorization.credentials"), ", ")
		}
	}
	if f.Reason != "" {
		b.add(f)
		return
	}
	keys := strings.Split(file, ".")
	for _, key := range keys[:len(keys)-1] {
		below := amfile.At(node, key)
		if below == nil || below.Kind != yaml.MappingNode {
			below = amfile.Mapping()
			amfile.Set(node, key, below)
		}
		node = below
	}
	last := keys[len(keys)-1]
	if amfile.At(node, last) != nil {
		f.Code, f.Reason = finding.Clash, fmt.Sprintf("the key %s is in YAML too: leave one out", file)
		b.add(f)
		return
	}
	amfile.Set(node, last, amfile.Encode(c.Path(b.Secrets)))
}

func topLevel(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return strings.Contains(p, ".") })
}
