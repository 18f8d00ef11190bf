package httpcall_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/transport/httpcall"
)

// A call whose answer is lost may have been carried out.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	ctx, outcome, cancel := httpcall.Begin(context.Background())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader("{}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = httpcall.NewClient(nil).Do(request)
	fmt.Println(outcome.Written(), outcome.Status, err != nil)
	// Output: true 0 true
}

func TestClean(t *testing.T) {
	t.Parallel()
	got := httpcall.Clean("a\nsecret b"+strings.Repeat("🚨", 300), "secret")
	if !strings.HasPrefix(got, "a *** b🚨") || !strings.HasSuffix(got, "…") || len([]rune(got)) != 201 {
		t.Errorf("%q", got)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "x", "ftp://x", "http://", "http://a?b", "http://a#b", "http://user:SECRET@x:port"} {
		if err := httpcall.CheckURL("the service", address); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := httpcall.CheckURL("the service", "https://slack.com/api"); err != nil {
		t.Error(err)
	}
}
