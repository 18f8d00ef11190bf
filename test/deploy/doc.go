// Package deploy holds only tests of monitoring/: of what it has for systemd,
// cron and Kubernetes.
package deploy
