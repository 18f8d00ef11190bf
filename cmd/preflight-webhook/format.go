package main

import (
	"cmp"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
)

// format holds the flags that determine how messages look.
type format struct {
	config, language, templates, timezone *string
	mentions                              []string
}

func newFormat(cmd *kingpin.CmdClause) format {
	return format{
		config:    configFlag(cmd),
		language:  cmd.Flag("language", "Language of the messages: en or ko. Default: the language of --config.file, else en.").Enum(message.Languages()...),
		templates: templatesFlag(cmd),
		timezone:  cmd.Flag("timezone", "Time zone of the times in messages, such as UTC, Local or Asia/Seoul.").Default("UTC").String(),
	}
}

// templatesFlag adds the flag that names the folder of templates.
func templatesFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("templates", "Folder of templates that replace the built-in ones (alert.tmpl, resolution.tmpl, digest.tmpl).").PlaceHolder("DIR").String()
}

// formatter reads the templates for the severities and the language of a
// configuration file. It calls failed for each alert that a template cannot
// write.
func (f format) formatter(file config.File, failed func(error)) (*message.Formatter, error) {
	location, err := time.LoadLocation(*f.timezone)
	if err != nil {
		return nil, usage("--timezone: no time zone %q: write it as UTC, Local or Asia/Seoul", *f.timezone)
	}
	formatter, err := message.New(message.Options{
		Language: cmp.Or(*f.language, file.Language), Severities: file.Severities, Remedies: file.Remedies, Location: location, Templates: *f.templates, Mentions: f.mentions, Failed: failed,
	})
	if err != nil {
		return nil, usage("--%w", err)
	}
	return formatter, nil
}
