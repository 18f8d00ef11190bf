// Package deploy holds the tests of what monitoring/ has for systemd, cron and
// Kubernetes.
package deploy
