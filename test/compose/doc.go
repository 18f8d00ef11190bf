// Package compose holds only tests of docker-compose.yml: the paths that it
// mounts exist, its ports and addresses agree with the generated configuration,
// and each program accepts its command line.
package compose
