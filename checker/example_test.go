package checker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
)

// orderQueue is a team's own check: few orders may wait in a folder.
type orderQueue struct{}

// orderQueueConfig is the section order_queue of preflight.yml.
type orderQueueConfig struct {
	Folder string `yaml:"folder"`
	Most   int    `yaml:"most"`
}

// Problems rejects an invalid section; the error has the line.
func (c orderQueueConfig) Problems(checker.Env) []checker.Problem {
	if c.Most < 1 {
		return []checker.Problem{{Path: []any{"most"}, Text: "must be 1 or more"}}
	}
	return nil
}

func (orderQueue) Spec() spec.Spec {
	return spec.Spec{
		Name:  "Order Queue",
		Looks: "few orders wait",
		Reasons: []spec.Reason{
			{Name: "too_many", Meaning: "more orders wait than are allowed", Remedy: "look at the order router"},
			{Name: "unreadable", Meaning: "the folder cannot be read", Remedy: "correct folder in preflight.yml"},
		},
	}
}

func (orderQueue) Targets(env checker.Env) []string {
	var c orderQueueConfig
	_ = env.Config(&c)
	if c.Folder == "" {
		return nil // not declared: skipped
	}
	return []string{"inbox"}
}

func (orderQueue) Run(_ context.Context, env checker.Env) []checker.Observation {
	var c orderQueueConfig
	_ = env.Config(&c)
	orders, err := os.ReadDir(env.Path(c.Folder))
	switch {
	case err != nil:
		return []checker.Observation{checker.Failed("inbox", "unreadable", "the folder cannot be read")}
	case len(orders) > c.Most:
		return []checker.Observation{checker.Failed("inbox", "too_many", fmt.Sprintf("%d orders wait, %d are allowed", len(orders), c.Most))}
	}
	return []checker.Observation{checker.Passed("inbox", "")}
}

// A team's checker has its own checks and namespace. Its main function calls
// checker.Main("acme", orderQueue{}). Run is Main with given arguments.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			fmt.Println(err)
		}
	}
	write("preflight.yml", "envs: [paper]\norder_queue: {folder: orders, most: 1}\n")
	write("orders/1", "")
	write("orders/2", "")

	textfile := filepath.Join(dir, "metrics", "preflight.prom")
	code := checker.Run(context.Background(), "acme", []string{
		"run", "--real-check", "--config.file=" + filepath.Join(dir, "preflight.yml"),
		"--metrics-output=" + textfile, "--evidence.dir=" + filepath.Join(dir, "evidence"),
	}, os.Stdout, os.Stderr, orderQueue{})
	fmt.Println("exit", code)

	metrics, _ := os.ReadFile(textfile)
	for line := range strings.Lines(string(metrics)) {
		if strings.HasPrefix(line, "acme_preflight_check_problem{") {
			fmt.Print(line)
		}
	}
	// Output:
	// [1/1] Order Queue … FAIL
	//       inbox: 2 orders wait, 1 are allowed (too_many)
	//
	// Total: 1 / PASS: 0 / FAIL: 1 / WARN: 0 / SKIP: 0
	// Ready for LIVE: False
	//
	// What to do:
	//   Order Queue, inbox: look at the order router
	// exit 1
	// acme_preflight_check_problem{check="Order Queue",env="paper",reason="too_many",status="fail",target="inbox"} 1
}

// A Runner runs checks without the command.
func ExampleRunner() {
	config, err := checker.ParseConfig("preflight.yml", []byte("order_queue: {folder: /no/such/folder, most: 10}\n"), orderQueue{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := checker.Runner{Checks: config.Checks()}.Run(context.Background(), config.Env("paper", os.LookupEnv))
	for _, r := range report.Results {
		for _, o := range r.Observations {
			fmt.Println(r.Check, o.Target, o.Status, o.Reason)
		}
	}
	// Output: Order Queue inbox fail unreadable
}

// A section is decoded strictly.
func ExampleEnv_Config() {
	for _, text := range []string{"order_queue: {folder: inbox, mist: 3}\n", "order_queue:\n  folder: inbox\n  most: 0\n", "order_queue: {most: few}\n"} {
		_, err := checker.ParseConfig("preflight.yml", []byte(text), orderQueue{})
		fmt.Println(err)
	}
	// Output:
	// preflight.yml:1: unknown key "mist" in order_queue (did you mean "most"?)
	// preflight.yml:3: order_queue.most: must be 1 or more
	// preflight.yml:1: few is not an integer
}
