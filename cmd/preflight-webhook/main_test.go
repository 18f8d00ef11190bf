package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/alertnative/preflight/internal/golden"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"preflight-webhook": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	payloads, err := filepath.Abs("../../webhook/testdata/payloads")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: golden.Update(),
		Setup: func(e *testscript.Env) error {
			e.Setenv("PAYLOADS", payloads)
			e.Setenv("ADDR", freeAddress(t))
			return writeCertificate(e.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"post": post, "metric": metric},
	})
}

// post URL [FILE] [AUTHORIZATION] posts a file as soon as the server listens.
// It fails if the status is not 200; with ! it fails if the status is 200.
func post(ts *testscript.TestScript, neg bool, args []string) {
	body := ""
	if len(args) > 1 {
		body = ts.ReadFile(args[1])
	}
	var status int
	var text string
	ts.Check(eventually(func() (err error) {
		url := args[0]
		if !strings.Contains(url, "://") {
			url = "http://" + url
		}
		r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		if len(args) > 2 {
			r.Header.Set("Authorization", args[2])
		}
		status, text, err = do(r)
		return err
	}))
	if (status == http.StatusOK) == neg {
		ts.Fatalf("answered %d: %s", status, text)
	}
}

// metric ADDR LINE waits until /metrics contains the line.
func metric(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(eventually(func() error {
		r, err := http.NewRequest(http.MethodGet, "http://"+args[0]+"/metrics", nil)
		if err != nil {
			return err
		}
		_, text, err := do(r)
		if err == nil && strings.Contains("\n"+text, "\n"+args[1]+"\n") == neg {
			err = errors.New(text)
		}
		return err
	}))
}

func do(r *http.Request) (int, string, error) {
	// The test makes its own certificate.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// eventually retries f for a while, until it returns nil.
func eventually(f func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// writeCertificate writes cert.pem and key.pem for the TLS script.
func writeCertificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(cryptorand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func mustRead(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
