package serve_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/serve"
	"github.com/alertnative/preflight/checker/spec"
)

// door checks that the door is shut.
type door struct{}

func (door) Spec() spec.Spec {
	return spec.Spec{Name: "Door", Looks: "the door is shut", Reasons: []spec.Reason{{Name: "open", Meaning: "it is open", Remedy: "shut it"}}}
}

func (door) Targets(checker.Env) []string { return []string{"door"} }

func (door) Run(context.Context, checker.Env) []checker.Observation {
	return []checker.Observation{checker.Failed("door", "open", "")}
}

// The main function of a service of its own is serve.Main("acme", door{}).
// Program is Main with given arguments.
func Example() {
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "preflight.yml")
	if err := os.WriteFile(config, []byte("envs: [paper]\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	addr := freeAddress()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int)
	go func() {
		ended <- serve.Program("acme", door{}).Run(ctx, []string{
			"--every=1h", "--config.file=" + config, "--evidence.dir=" + dir, "--web.listen-address=" + addr,
		}, io.Discard, io.Discard)
	}()
	fmt.Println(series(addr, "acme_preflight_target_status{check=\"Door\",env=\"paper\",status=\"fail\""))
	stop()
	fmt.Println("exit status", <-ended)
	// Output:
	// acme_preflight_target_status{check="Door",env="paper",status="fail",target="door"} 1
	// exit status 0
}

// freeAddress returns a free address of this machine.
func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return ""
	}
	defer l.Close()
	return l.Addr().String()
}

// series waits for a series of /metrics.
func series(addr, prefix string) string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if resp, err := http.Get("http://" + addr + "/metrics"); err == nil {
			text, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			for line := range strings.Lines(string(text)) {
				if strings.HasPrefix(line, prefix) {
					return strings.TrimSpace(line)
				}
			}
		}
		<-tick.C
	}
	return ""
}
