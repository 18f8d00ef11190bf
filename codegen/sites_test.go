package codegen_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/site"
)

func named(name string) preflight.Site {
	s := diskSite("P2")
	s.Name = name
	return s
}

// Several sites have a folder each.
func TestSeveralSitesInOneProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sites := []preflight.Site{named("north"), named("south")}
	if code, stdout, stderr := command(t, sites, "--out="+dir); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	made := tree(t, dir)
	for _, path := range []string{"north/MANIFEST", "north/" + diskRules, "south/MANIFEST", "south/" + diskRules} {
		if made[path] == "" {
			t.Errorf("no file %s in %v", path, paths(made))
		}
	}
	if code, stdout, stderr := command(t, sites, "--out="+dir, "--check"); code != 0 {
		t.Errorf("--check: exit %d\n%s%s", code, stdout, stderr)
	}
	// A finding in one site prevents writing the others.
	sites[1].Routing.Route.Receiver = "no-one"
	sites[0].Packs[0].Name = "disks"
	code, _, stderr := command(t, sites, "--out="+dir)
	if code != 1 || !strings.Contains(stderr, "nothing was written") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if d := cmp.Diff(made, tree(t, dir)); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
}

// The files of the other layout would be deleted although programs have mounted
// them.
func TestOtherLayoutIsRejected(t *testing.T) {
	t.Parallel()
	one, several := t.TempDir(), t.TempDir()
	sites := []preflight.Site{named("north"), named("south")}
	mustGenerate(t, sites[0], "--out="+one)
	if code, stdout, stderr := command(t, sites, "--out="+several); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	before := tree(t, one)
	if code, _, stderr := command(t, sites, "--out="+one); code != 2 || !strings.Contains(stderr, "has the files of one site, but there are 2 sites") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if d := cmp.Diff(before, tree(t, one)); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	if code, _, stderr := generate(t, sites[0], "--out="+several); code != 2 || !strings.Contains(stderr, "has the files of several sites, but there is one site") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestNamesOfSites(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sites []preflight.Site
		want  string
	}{
		"two of one name": {[]preflight.Site{named("north"), named("north")}, `site "north": two sites have this name`},
		"no name":         {[]preflight.Site{named("north"), named("")}, `site "": its Name is the name of its folder`},
		"a path":          {[]preflight.Site{named("north"), named("../south")}, `site "../south": its Name is the name of its folder`},
	} {
		dir := t.TempDir()
		if code, _, stderr := command(t, tt.sites, "--out="+dir); code != 2 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit %d, %s, want %s", name, code, stderr, tt.want)
		}
		if made := tree(t, dir); len(made) > 0 {
			t.Errorf("%s: wrote %v", name, paths(made))
		}
	}
}

// The files contain the site's addresses.
func TestAddressesOfSite(t *testing.T) {
	t.Parallel()
	s := shipped()
	job("node_exporter", func(j *preflight.Job) { j.Targets = []string{"127.0.0.1:19100"} })(&s)
	s.Alertmanager.Addresses = []string{"127.0.0.1:19093"}
	s.Webhook = preflight.Webhook{URL: "http://127.0.0.1:19917/", Token: routing.File("/etc/token")}
	s.Grafana = preflight.Grafana{}
	s.RunbookURL = "https://wiki.acme.example/runbooks/"
	for i, r := range s.Routing.Receivers {
		if len(r.Telegram) > 0 {
			s.Routing.Receivers[i].Telegram = []routing.Telegram{{BotToken: routing.File("/bot"), ChatID: -100}}
		}
	}
	made := files(t, s)
	contains(t, made["prometheus/prometheus.yml"], "127.0.0.1:19100", "127.0.0.1:19093", "prometheus:9090")
	lacks(t, made["prometheus/prometheus.yml"], "node-exporter:9100")
	contains(t, made["alertmanager/alertmanager.yml"], "http://127.0.0.1:19917/api/v1/", "credentials_file: /etc/token", "bot_token_file: /bot", "chat_id: -100")
	lacks(t, made["prometheus/rules/preflight.yml"], "dashboard_url")
	contains(t, made["prometheus/rules/preflight.yml"], "runbook_url: https://wiki.acme.example/runbooks/PreflightStale.md")
	s.RunbookURL = ""
	lacks(t, file(t, s, "prometheus/rules/preflight.yml"), "runbook_url")
	s.Outputs = []preflight.Output{preflight.Files{Secrets: "/srv/secrets"}}
	s.Webhook.Token = routing.Secret("webhook_token")
	contains(t, file(t, s, "alertmanager/alertmanager.yml"), "credentials_file: /srv/secrets/webhook_token")
}

// A site without a heartbeat generates, with one note.
func TestSiteWithoutWatchdog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, stdout, stderr := generate(t, diskSite("P2"), "--out="+dir)
	if code != 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "note: no Watchdog receiver gets an alert that always fires") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	contains(t, tree(t, dir)["webhook/webhook.yml"], "watchdog: false")
	code, _, stderr = generate(t, site.Site(), "--out="+filepath.Join(dir, "shipped"))
	if code != 0 || stderr != "" {
		t.Errorf("with one: exit %d, %s", code, stderr)
	}
	contains(t, tree(t, dir)["shipped/webhook/webhook.yml"], "watchdog: true")
	// Without a webhook there is no webhook.yml and no note.
	s := diskSite("P2")
	s.Webhook = preflight.Webhook{}
	s.Routing.Receivers = []routing.Receiver{{Name: "chat", Telegram: []routing.Telegram{{BotToken: routing.Secret("token"), ChatID: 1}}}}
	dir = t.TempDir()
	if code, _, stderr := generate(t, s, "--out="+dir); code != 0 || stderr != "" {
		t.Errorf("without a webhook: exit %d, %s", code, stderr)
	}
	lacks(t, strings.Join(paths(tree(t, dir)), "\n"), "webhook.yml")
}

func TestReceiversWithoutIntegration(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		receiver routing.Receiver
		want     string
	}{
		"chats":              {routing.Receiver{Chats: []routing.Chat{{Telegram: "-100:7"}}}, ""},
		"history only":       {routing.Receiver{Sound: routing.NoMessage}, ""},
		"Alertmanager's own": {routing.Receiver{Telegram: []routing.Telegram{{BotToken: routing.Secret("token"), ChatID: 1}}}, ""},
		"another program":    {routing.Receiver{Webhook: []routing.Webhook{{URL: routing.Secret("hook")}}}, ""},
		"nothing":            {routing.Receiver{}, "AM009: it has no integration"},
		"a sound alone":      {routing.Receiver{Sound: routing.Silent}, "AM009: it has no integration"},
		"chats of a heartbeat": {
			routing.Receiver{Watchdog: true, Chats: []routing.Chat{{Telegram: "$CHAT"}}}, "AM009: a heartbeat is no message",
		},
		"no chat": {routing.Receiver{Chats: []routing.Chat{{Telegram: "the team"}}}, `AM009: the chat "the team" is none`},
		"one chat of two services": {
			routing.Receiver{Chats: []routing.Chat{{Telegram: "1", Slack: "C0123456789"}}}, `AM009: the chat "1" is in Telegram and in Slack`,
		},
		"unknown sound": {
			routing.Receiver{Chats: []routing.Chat{{Telegram: "1"}}, Sound: "shrill"}, `DF019: the Sound "shrill" is none of`,
		},
	} {
		s := diskSite("P2")
		s.Routing.Promises = nil
		tt.receiver.Name = "chat"
		s.Routing.Receivers = []routing.Receiver{tt.receiver}
		found := findings(t, s)
		if tt.want == "" && found != "" || tt.want != "" && !strings.Contains(found, `receiver "chat": `+tt.want) {
			t.Errorf("%s: want %q, got %q", name, tt.want, found)
		}
	}
	s := diskSite("P2")
	s.Webhook.URL = ""
	contains(t, findings(t, s), `receiver "chat": AM009: it goes through preflight-webhook, and the site has no Webhook.URL`)
}

// The pipeline pack fits a site with other jobs.
func TestPipelinePackFitsOtherJobs(t *testing.T) {
	t.Parallel()
	s := shipped()
	names := map[string]string{"prometheus": "prom", "alertmanager": "am", "webhook": "hook", "node_exporter": "node"}
	for i, j := range s.Jobs {
		if own, ok := names[j.Name]; ok {
			s.Jobs[i].Name = own
		}
	}
	s.Packs = []preflight.Pack{pipeline.Pack(pipeline.Options{Prometheus: "prom", Alertmanager: "am", Webhook: "hook", NodeExporter: "node"})}
	for _, list := range []*[]routing.Route{&s.Routing.Route.Routes} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i].Match = renamed((*list)[i].Match, names)
		}
	}
	for i := range s.Routing.Promises {
		s.Routing.Promises[i].Match = renamed(s.Routing.Promises[i].Match, names)
	}
	s.Urgent = []string{"UrgentUndelivered"}
	for path, text := range files(t, s) {
		for old := range names {
			if strings.Contains(text, `job="`+old+`"`) {
				t.Errorf("%s names the job %s", path, old)
			}
		}
	}
	// A pack with wrong job names gives one finding per job.
	s.Packs = []preflight.Pack{pipeline.Pack(pipeline.Options{Prometheus: "prom", Alertmanager: "am", NodeExporter: "node"})}
	contains(t, findings(t, s), "DF018: the site does not have this job (it has am, arbitrage_exporter, hook, node, preflight, prom)")
}

func renamed(match string, names map[string]string) string {
	for old, own := range names {
		match = strings.ReplaceAll(match, `job="`+old+`"`, `job="`+own+`"`)
	}
	return match
}
