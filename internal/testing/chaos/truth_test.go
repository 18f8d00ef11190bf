package chaos

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/message"
)

// The verdict on rules must find each kind of mistake.
func TestTheVerdictOnRulesFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	alert, over := alertNamed("t00001", "firing"), alertNamed("t00001", "resolved")
	begin := time.Now().Add(-time.Hour)
	ended := episode{fires: begin, ends: begin.Add(time.Minute)}
	for name, c := range map[string]struct {
		episodes []episode
		play     func(*scene)
		want     []string // a part of each problem
	}{
		"all is well": {[]episode{{fires: begin}}, func(s *scene) { s.shows(message.Alert, alert) }, nil},
		"lost":        {[]episode{{fires: begin}}, func(*scene) {}, []string{"was not shown"}},
		"twice": {[]episode{{fires: begin}}, func(s *scene) {
			s.shows(message.Alert, alert)
			s.shows(message.Alert, alert)
		}, []string{"message 2 repeats"}},
		"reminded": {[]episode{{fires: begin}}, func(s *scene) {
			s.shows(message.Alert, alert)
			s.shows(message.Reminder, alert)
		}, []string{"message 2 repeats"}},
		"a false end": {[]episode{{fires: begin}}, func(s *scene) {
			s.shows(message.Alert, alert)
			s.shows(message.Resolution, over)
		}, []string{"message 2 shows the end of t00001, which fires"}},
		"no end":               {[]episode{ended}, func(s *scene) { s.shows(message.Alert, alert) }, []string{"message 1 shows t00001 as firing"}},
		"an end without edits": {[]episode{ended}, func(s *scene) { s.shows(message.Alert, alert); s.shows(message.Resolution, over) }, []string{"message 1 shows t00001 as firing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			w := &ruled{run: s.run, exporter: &exporter{}}
			one := &target{name: "t00001", episodes: c.episodes}
			if c.episodes[0].ends.IsZero() {
				one.value = 1
			}
			w.exporter.targets = []*target{one}
			c.play(s)
			if err := w.judge(t.Context()); err != nil {
				t.Fatal(err)
			}
			problems := strings.Join(s.report.Problems, "\n")
			for _, want := range c.want {
				if !strings.Contains(problems, want) {
					t.Errorf("no %q in %q", want, problems)
				}
			}
			if c.want == nil && problems != "" {
				t.Errorf("problems: %s", problems)
			}
		})
	}
}

func TestEachStageCanBeChosen(t *testing.T) {
	t.Parallel()
	for _, name := range append(Stages(), "") {
		if s, err := find(name); err != nil || s.play == nil || name != "" && s.name != name {
			t.Errorf("%q is %+v, %v", name, s.name, err)
		}
	}
	if _, err := find("weather"); err == nil || !strings.Contains(err.Error(), "choose from kills, both, poison") {
		t.Errorf("got %v", err)
	}
}

// Each odd notification names its alert, or is meant to be unreadable.
func TestOddNotifications(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for _, kind := range poisonBodies() {
		if named := strings.Contains(string(kind.body(rng, "p0001")), "poison-p0001."); kind.readable != named && kind.about != "gzip" && kind.about != "cut off" {
			t.Errorf("%s: named %v", kind.about, named)
		}
	}
	if body := string(regularBody("p0001")); !strings.Contains(body, `"truncatedAlerts":0`) || !strings.Contains(body, `"version":"4"`) || !strings.Contains(body, `"startsAt":"20`) {
		t.Errorf("the changes of bodies change nothing in %s", body)
	}
}
