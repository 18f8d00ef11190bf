package amfile

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/prometheus/alertmanager/notify"
)

// addressKeys are the keys of integrations that decide who is notified. A site
// writes secrets as files, so their paths stand for them.
var addressKeys = map[string]bool{
	"url": true, "url_file": true, "api_url": true, "api_url_file": true, "webhook_url": true, "webhook_url_file": true, "channel": true,
	"routing_key": true, "routing_key_file": true, "service_key": true, "service_key_file": true, "api_key": true, "api_key_file": true, "responders": true,
	"to": true, "chat_id": true, "chat_id_file": true, "message_thread_id": true, "user_key": true, "user_key_file": true, "room_id": true,
	"to_user": true, "to_party": true, "to_tag": true, "topic_arn": true, "phone_number": true, "target_arn": true, "project": true,
	"alert_source_token": true, "alert_source_token_file": true,
}

// Address returns a text that is equal for integrations of a kind that notify the
// same people. It may contain secrets. It is "" for an integration without such
// keys.
func Address(x notify.ResolvedSender) string {
	v := reflect.Indirect(reflect.ValueOf(x))
	if v.Kind() != reflect.Struct {
		return ""
	}
	var out []string
	for i := range v.NumField() {
		key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if f := v.Field(i); addressKeys[key] && !f.IsZero() {
			out = append(out, fmt.Sprintf("%s=%v", key, reflect.Indirect(f).Interface()))
		}
	}
	return strings.Join(out, "\n")
}
