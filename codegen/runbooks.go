package codegen

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// missingRunbooks reports an address in a view of the working folder's own
// repository, such as …/blob/main/runbooks, whose folder the repository does
// not have. Links to runbooks would be dead. The module's path names the
// repository.
func missingRunbooks(address, out string) error {
	u, err := url.Parse(address)
	if err != nil {
		return nil // another check reports it
	}
	module, file, err := moduleAbove(".")
	if err != nil || module == "" {
		return nil
	}
	parts := strings.Split(u.Host+"/"+strings.Trim(u.Path, "/"), "/")
	view := slices.IndexFunc(parts, func(x string) bool { return x == "blob" || x == "tree" })
	if view < 0 || view+2 >= len(parts) || strings.Join(slices.DeleteFunc(parts[:view:view], func(x string) bool { return x == "-" }), "/") != module {
		return nil // a page of another site, or of another repository
	}
	folder := strings.Join(parts[view+2:], "/")
	path := filepath.Join(filepath.Dir(file), filepath.FromSlash(folder))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	written, err := filepath.Abs(filepath.Join(out, "runbooks"))
	if err != nil || path == written {
		return nil
	}
	return finding.Finding{Code: finding.BadSite, Where: "site", Part: "RunbookURL", Text: address, To: len(address),
		Reason: fmt.Sprintf("the repository has no folder %s; the runbooks are written to %s", folder, filepath.ToSlash(filepath.Join(out, "runbooks")))}
}
