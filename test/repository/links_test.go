package repository_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var (
	fenced  = regexp.MustCompile("(?ms)^[ >]*```.*?^[ >]*```")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	marks   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns the anchors of a page's headings, as GitHub makes them.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		all = append(all, strings.ReplaceAll(marks.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// pages returns the Markdown files of the project.
func pages(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "*.md")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	pages := strings.Fields(string(out))
	if !slices.Contains(pages, "README.md") {
		t.Fatalf("git lists the pages %v", pages)
	}
	return pages
}

// YAML in pages must be YAML.
func TestYAMLInPages(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```")
	found := 0
	for _, page := range pages(t) {
		for _, m := range block.FindAllStringSubmatch(read(t, page), -1) {
			found++
			var node yaml.Node
			if err := yaml.Unmarshal([]byte(m[1]), &node); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("%d blocks of YAML: the pattern finds too few", found)
	}
}

// Links in pages to files of the project and to headings must have a target.
func TestLinksHaveTargets(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, page), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") { // another site
				continue
			}
			to := page
			if target != "" {
				to = path.Join(path.Dir(page), target)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
				continue
			}
			if anchor != "" && path.Ext(to) == ".md" && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s links to %s: the page has no such heading", page, m[1])
			}
		}
	}
}
