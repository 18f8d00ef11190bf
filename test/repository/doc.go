// Package repository holds only tests of the files about the project itself:
// versions in several files, workflows, the release, issue forms, links and the
// English.
package repository
