package main

import (
	"os"
	"strings"

	"github.com/alertnative/preflight/webhook"
)

// secret reads a variable, or the file that the variable with the suffix _FILE
// names, without a byte order mark and quotes. Its errors never contain the
// secret.
func secret(name string) (string, error) {
	text, err := secretText(name)
	return webhook.CleanSecret(text), err
}

// secretText reads a secret that can have several lines.
func secretText(name string) (string, error) {
	value, file := os.Getenv(name), os.Getenv(name+"_FILE")
	switch {
	case value != "" && file != "":
		return "", usage("both %s and %s_FILE are set: set one", name, name)
	case file != "":
		data, err := os.ReadFile(file)
		if err != nil {
			return "", usage("%s_FILE: %w", name, err)
		}
		if value = strings.TrimSpace(string(data)); value == "" {
			return "", usage("%s_FILE: %s is empty", name, file)
		}
		return value, nil
	default:
		return strings.TrimSpace(value), nil
	}
}

// required returns a secret, or an error that explains how to set it.
func required(name, what string) (string, error) {
	value, err := secret(name)
	if err == nil && value == "" {
		err = usage("%s is not set: it %s; set it, or %s_FILE to a file with it, or use --dry-run to print the messages", name, what, name)
	}
	return value, err
}

// join combines errors into one usage error, or returns nil.
func join(errs ...error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return usage("%s", strings.Join(texts, "\npreflight-webhook: "))
}
