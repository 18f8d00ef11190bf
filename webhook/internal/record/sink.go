package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// sink keeps the bodies that are posted to it.
type sink struct {
	mu       sync.Mutex
	payloads [][]byte
	answers  map[string][]byte // of the API, by file
}

// ask keeps the answers of the API.
func (s *sink) ask(url string) error {
	if s.answers == nil {
		s.answers = map[string][]byte{}
	}
	paths := []string{"alerts", "silences", "status"}
	n := len(s.answers)/len(paths) + 1
	for _, path := range paths {
		resp, err := http.Get(url + "/api/v2/" + path)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		s.answers[fmt.Sprintf("api-%02d-%s.json", n, path)] = body
	}
	return nil
}

func (s *sink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payloads = append(s.payloads, body)
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.payloads)
}

func (s *sink) wait(n int) error {
	for range slowest / (100 * time.Millisecond) {
		if s.count() >= n {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%d payloads came, not %d", s.count(), n)
}

func (s *sink) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	files := maps.Clone(s.answers)
	if files == nil {
		files = map[string][]byte{}
	}
	for i, p := range s.payloads {
		files[fmt.Sprintf("%02d.json", i+1)] = p
	}
	for name, body := range files {
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", "  "); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), indented.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
