// Command soak runs "preflight --every=10ms --real-check" with all eight
// checks, Redis, PostgreSQL and fakes of the exchanges on the loopback
// interface. During many runs it prints the peak resident memory, open files
// and goroutines. It exits with 1 if one of them grows, if the memory exceeds
// 30 MB, or if a check failed.
//
// "make soak" builds the commands and runs it in the project's folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/internal/stack/system"
)

func main() {
	runs := flag.Int("runs", 10_000, "how many runs")
	flag.Parse()
	if *runs < 10 {
		fmt.Fprintln(os.Stderr, "soak: -runs must be 10 or more")
		os.Exit(2)
	}
	if err := soak(context.Background(), *runs); err != nil {
		fmt.Fprintf(os.Stderr, "soak: %v\n", err)
		os.Exit(1)
	}
}

func soak(ctx context.Context, runs int) (err error) {
	dir, err := os.MkdirTemp("", "preflight-soak-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// PostgreSQL may run as another user, who must reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	ready, err := system.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ready.Close()) }()
	config, vars, err := ready.Everything()
	if err != nil {
		return err
	}
	port, err := proc.ReservePort()
	if err != nil {
		return err
	}
	defer port.Release()
	path, err := servers.Find("preflight")
	if err != nil {
		return err
	}
	checker, err := proc.Start(ctx, proc.Spec{
		Name: "preflight", Path: path, Log: filepath.Join(dir, "log"),
		Args: []string{
			"--every=10ms", "--real-check", "--quiet", "--log.level=error", "--config.file=" + config,
			"--env=paper", "--evidence.dir=" + filepath.Join(dir, "evidence"), "--web.listen-address=" + port.Addr(),
		},
		Env:   append(os.Environ(), vars...),
		Ready: func(ctx context.Context) error { _, err := read(ctx, port.Addr()); return err },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, checker.Stop()) }()
	return watch(ctx, port.Addr(), runs)
}

// watch prints a line for each tenth of the runs, and the verdict.
func watch(ctx context.Context, addr string, runs int) error {
	fmt.Printf("%10s %12s %12s %12s %10s\n", "runs", "failed", "resident", "open files", "goroutines")
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var tenths []held
	var now held
	for next := runs / 10; ; <-tick.C {
		m, err := read(ctx, addr)
		if err != nil {
			return err
		}
		now = now.with(m)
		if now.runs < next {
			continue
		}
		fmt.Println(now)
		tenths = append(tenths, now)
		if now.runs >= runs {
			fmt.Printf("in %s\n", time.Since(began).Round(time.Second))
			return judge(tenths)
		}
		now, next = held{}, next+runs/10
	}
}

// read returns the checker's gauges and counters with a single series, and the
// number of failed checks.
func read(ctx context.Context, addr string) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for name, f := range families {
		for _, s := range f.Metric {
			v := s.GetGauge().GetValue() + s.GetCounter().GetValue()
			if len(f.Metric) == 1 {
				out[name] = v
			}
			if name == "arbitrage_preflight_checks_total" && failed(s) {
				out["failed"] += v
			}
		}
	}
	return out, nil
}

func failed(s *dto.Metric) bool {
	for _, l := range s.Label {
		if l.GetName() == "status" && l.GetValue() == "fail" {
			return true
		}
	}
	return false
}
