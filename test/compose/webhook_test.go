package compose_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/config"
)

// The webhook gets the generated file and the variables in it.
func TestWebhookReadsConfiguration(t *testing.T) {
	t.Parallel()
	service := load(t).Services["webhook"]
	i := slices.IndexFunc(service.Command, func(arg string) bool { return strings.HasPrefix(arg, "--config.file=") })
	if i < 0 {
		t.Fatalf("no --config.file: %v", service.Command)
	}
	inside := strings.TrimPrefix(service.Command[i], "--config.file=")
	for _, v := range service.Volumes {
		name, mounted := strings.CutPrefix(inside, v.Target+"/")
		if !mounted {
			continue
		}
		f, err := config.Read(filepath.Join(v.Source, name))
		if err != nil {
			t.Fatal(err)
		}
		chats := []string{f.DefaultChat}
		for _, r := range f.Receivers {
			for _, c := range r.Chats {
				_, address := c.Place()
				chats = append(chats, address)
			}
		}
		for _, chat := range chats {
			if variable, ok := config.Variable(chat); ok && service.Environment[variable] == nil && service.Environment[variable+"_FILE"] == nil {
				t.Errorf("a chat is %s, and the environment does not have it", chat)
			}
		}
		return
	}
	t.Errorf("%s is not mounted", inside)
}
