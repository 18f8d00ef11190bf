// Package deploy holds only tests of monitoring/: its files for systemd, cron
// and Kubernetes.
package deploy
