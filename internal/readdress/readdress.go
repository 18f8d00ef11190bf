// Package readdress changes the addresses in copies of sites, for test
// pipelines.
package readdress

import (
	"errors"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// Receivers replaces the receivers of a site and of its packs by edited copies.
// edit may change the slices of a receiver.
func Receivers(site *preflight.Site, edit func(*routing.Receiver) error) error {
	var errs []error
	replace := func(list *[]routing.Receiver) {
		*list = slices.Clone(*list)
		for i := range *list {
			r := &(*list)[i]
			r.Chats, r.Telegram, r.Webhook = slices.Clone(r.Chats), slices.Clone(r.Telegram), slices.Clone(r.Webhook)
			errs = append(errs, edit(r))
		}
	}
	site.Packs = slices.Clone(site.Packs)
	for i := range site.Packs {
		replace(&site.Packs[i].Routing.Receivers)
	}
	replace(&site.Routing.Receivers)
	return errors.Join(errs...)
}

// Telegram makes an integration of Alertmanager call the Bot API at a URL. An
// integration with invalid YAML is unchanged: the generator reports it.
func Telegram(t *routing.Telegram, url string) error {
	rest := map[string]any{}
	if err := yaml.Unmarshal([]byte(t.YAML), &rest); err != nil {
		return nil
	}
	delete(rest, "message_thread_id") // the chats of a fake have no topics
	rest["api_url"] = url
	text, err := yaml.Marshal(rest)
	t.YAML = string(text)
	return err
}
