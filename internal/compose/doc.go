// Package compose holds nothing but the tests of docker-compose.yml: that
// every path it mounts is there, that its ports and addresses agree with the
// generated configuration, and that each program accepts its command line.
package compose
