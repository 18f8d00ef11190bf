package emit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/webhook/config"
)

// A receiver that one file lacks, and a URL that the webhook does not understand,
// are findings.
func TestDisagreements(t *testing.T) {
	t.Parallel()
	site, _ := model.New(preflight.Site{Name: "acme", Webhook: preflight.Webhook{URL: "http://webhook:9917"}})
	c := &emit.Context{Site: site}
	file := config.File{Receivers: []config.Receiver{{Name: "a/b"}}}
	const agreed = "http://webhook:9917/api/v1/receivers/a%2Fb?cluster=acme"
	for _, x := range []struct{ url, want string }{
		{"", ""},
		{"http://webhook:9917/api/v1/alerts?notify=loud&cluster=acme", ""},
		{"http://webhook:9917/api/v1/watchdog?cluster=acme", ""},
		{"http://another:9917/odd?key=1", ""},
		{"http://webhook:9917/api/v1/receivers/b", `it posts to the receiver "b" of the webhook, which webhook.yml does not have`},
		{"http://webhook:9917/api/v1/alert", `it posts to "/api/v1/alert", a path that the webhook does not have`},
		{"http://webhook:9917/api/v1/watchdog?notify=loud", `does not know the query key "notify"`},
		{agreed + "&clsuter=x", `does not know the query key "clsuter"`},
	} {
		text := fmt.Sprintf("receivers: [{name: x, webhook_configs: [{url: %q}, {url: %q}]}]", agreed, x.url)
		found := fmt.Sprint(c.Disagreements([]byte(text), file))
		if x.want == "" && found != "[]" || !strings.Contains(found, x.want) {
			t.Errorf("%s: found %s, not %q", x.url, found, x.want)
		}
	}
	if found := fmt.Sprint(c.Disagreements([]byte("receivers: []"), file)); !strings.Contains(found, "nothing in alertmanager.yml posts to it") {
		t.Error(found)
	}
}
