// Package compose holds only tests of docker-compose.yml and the Dockerfile:
// mounted paths exist, ports and addresses match the generated configuration,
// each program accepts its command line, and the image's programs have their
// version.
package compose
