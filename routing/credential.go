package routing

import "path"

// Credential refers to a secret, which no generated file contains. [Secret] and
// [File] return one.
type Credential struct {
	name, file string
	given      bool
}

// Secret refers to a named secret. Each output has its own form: a file, or a
// key of a Kubernetes secret. A name has letters, digits, ".", "_" and "-".
func Secret(name string) Credential { return Credential{name: name, given: true} }

// File refers to a file by its path for Alertmanager.
func File(path string) Credential { return Credential{file: path, given: true} }

// Empty reports whether the credential refers to no secret.
func (c Credential) Empty() bool { return c.name == "" && c.file == "" }

// Nameless reports whether the argument of [Secret] or [File] was empty.
func (c Credential) Nameless() bool { return c.given && c.Empty() }

// Path returns the path of the secret if named secrets are files in the folder
// secrets: "/run/secrets/NAME".
func (c Credential) Path(secrets string) string {
	if c.name == "" {
		return c.file
	}
	return path.Join(secrets, c.name)
}

// Name returns the name of a named secret, or "" for a file.
func (c Credential) Name() string { return c.name }
