// Package repository holds only tests of the files about the project itself:
// the versions that several files name, the workflows, the release and the
// forms for issues.
package repository
