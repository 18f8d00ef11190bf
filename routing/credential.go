package routing

import "path"

// Credential is a secret that no generated file holds. [Secret] and [File] make one.
type Credential struct {
	name, file string
	given      bool
}

// Secret names a secret; each output turns it into what it has: a file, a key of a
// Kubernetes secret. A name has letters, digits, ".", "_" and "-".
func Secret(name string) Credential { return Credential{name: name, given: true} }

// File is a file as Alertmanager sees it.
func File(path string) Credential { return Credential{file: path, given: true} }

// Empty reports whether no secret is named.
func (c Credential) Empty() bool { return c.name == "" && c.file == "" }

// Nameless reports whether [Secret] or [File] was given an empty text.
func (c Credential) Nameless() bool { return c.given && c.Empty() }

// Path returns the file that holds the secret where named secrets are files of
// the folder secrets: "/run/secrets/NAME".
func (c Credential) Path(secrets string) string {
	if c.name == "" {
		return c.file
	}
	return path.Join(secrets, c.name)
}

// Name returns the name of a named secret, "" for a file.
func (c Credential) Name() string { return c.name }
