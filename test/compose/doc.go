// Package compose holds only tests of docker-compose.yml and the Dockerfile:
// the paths that are mounted exist, ports and addresses agree with the
// generated configuration, each program accepts its command line, and the
// image's programs have their version.
package compose
