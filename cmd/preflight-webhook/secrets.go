package main

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"github.com/alertnative/preflight/webhook"
)

// secret reads a variable, or the file that the variable with the suffix _FILE
// names, without a byte order mark, quotes and "NAME=". Its errors never contain
// the secret.
func secret(name string) (string, error) {
	text, err := secretText(name)
	return webhook.CleanAssigned(name, text), err
}

// secretText reads a secret that can have several lines.
func secretText(name string) (string, error) {
	text, file, err := readSecret(name)
	if err == nil && file != "" && text == "" {
		err = usage("%s_FILE: %s is empty", name, file)
	}
	return text, err
}

// readSecret reads a secret that can have several lines, or none. It returns the
// file that has it, if one does.
func readSecret(name string) (text, file string, err error) {
	text, file = os.Getenv(name), os.Getenv(name+"_FILE")
	if file == "" {
		return strings.TrimSpace(text), "", nil
	}
	if text != "" {
		return "", file, usage("both %s and %s_FILE are set: set one", name, name)
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, syscall.EISDIR) { // Docker makes a folder for a file that is missing
		return "", file, usage("%s_FILE: %s is a folder: write the secret to a file, and name that", name, file)
	}
	if err != nil {
		return "", file, usage("%s_FILE: %w", name, err)
	}
	return strings.TrimSpace(string(data)), file, nil
}

// tokens reads the bearer tokens of WEBHOOK_TOKEN and WEBHOOK_TOKEN_NEXT. Without
// the first, every post is accepted.
func tokens() ([]string, error) {
	const present, next = "WEBHOOK_TOKEN", "WEBHOOK_TOKEN_NEXT"
	text, err := secretText(present)
	if err != nil {
		return nil, err
	}
	if text == "" && os.Getenv(present) != "" {
		return nil, usage("%s has only spaces: set it to a token, or unset it", present)
	}
	list, err := webhook.ParseTokens(text)
	if err != nil {
		return nil, usage("%s: %w", present, err)
	}
	another, _, err := readSecret(next)
	if err != nil || another == "" {
		return list, err
	}
	if list == nil {
		return nil, usage("%s is set and %s is not: set the present token too", next, present)
	}
	if list, err = webhook.ParseTokens(strings.Join(list, "\n") + "\n" + webhook.CleanAssigned(next, another)); err != nil {
		return nil, usage("%s: %w", next, err)
	}
	return list, nil
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
