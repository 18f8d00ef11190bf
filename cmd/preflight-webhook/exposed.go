package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"

	"gopkg.in/yaml.v3"
)

// exposed reports whether other hosts reach the HTTP interface, and neither
// passwords nor certificates of clients protect it.
func (s *serve) exposed() (bool, error) {
	local := !*s.web.WebSystemdSocket && !slices.ContainsFunc(*s.web.WebListenAddresses, func(address string) bool { return !isLocal(address) })
	if local || *s.web.WebConfigFile == "" {
		return !local, nil
	}
	data, err := os.ReadFile(*s.web.WebConfigFile)
	if err != nil {
		return false, usage("--web.config.file: %w", err)
	}
	var file struct {
		Users map[string]string `yaml:"basic_auth_users"`
		TLS   struct {
			ClientAuth string `yaml:"client_auth_type"`
		} `yaml:"tls_server_config"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return false, usage("--web.config.file: %s: %w", *s.web.WebConfigFile, err)
	}
	return len(file.Users) == 0 && file.TLS.ClientAuth != "RequireAndVerifyClientCert", nil
}

// isLocal reports whether only this host reaches an address to listen on.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// warnUnprotected logs that everybody can post. An alert of everybody would be
// delivered, and an end of everybody would hide an alert.
func (s *serve) warnUnprotected(exposed bool, log *slog.Logger) {
	if exposed && len(*s.tokens.Load()) == 0 {
		log.Error("every host that reaches this one can post alerts and resolutions: set WEBHOOK_TOKEN, or listen on loopback (--web.listen-address=127.0.0.1:9917)",
			"addresses", fmt.Sprint(*s.web.WebListenAddresses))
	}
}
