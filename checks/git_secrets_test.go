package checks_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
)

func TestTrackedSecrets(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]bool{
		".env": true, ".env.live": true, "deploy/.env.paper": true, "certs/Server.PEM": true, "id_ed25519": true, "secrets/token": true, "a/secrets/b/c": true,
		"production.env": true, ".envrc": true, "deploy/id_ecdsa": true, "id_deploy": true, "bot.pfx": true, "AuthKey.p8": true, "putty.ppk": true,
		"credentials.json": true, "credentials-live.json": true, "store.jks": true, "release.keystore": true, "bot.kdbx": true,
		".env.example": false, "env.go": false, "key.go": false, "docs/secrets.md": false, "example.env": false, "id_rsa.pub": false, "id_map.py": false,
		"credentials.go": false, "environment": false,
	} {
		r := newRepository(t)
		r.write(name, "x")
		r.commit()
		status, reason := checker.Pass, ""
		if secret {
			status, reason = checker.Fail, "tracked_secret"
		}
		if o := expect(t, r.check("paper", ""), "tracked_files", status, reason); secret && !strings.Contains(o.Detail, name) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	r := newRepository(t)
	r.write("wallet.dat", "x")
	r.write("test.key", "x")
	r.commit()
	expect(t, r.check("paper", "secret_files: ['*.dat']"), "tracked_files", checker.Fail, "tracked_secret")
	expect(t, r.check("paper", "secret_files: ['wal[!k]et.*']"), "tracked_files", checker.Fail, "tracked_secret")
	expect(t, r.check("paper", "secret_files: ['**/WALLE?.dat']"), "tracked_files", checker.Fail, "tracked_secret")
	expect(t, r.check("paper", "secret_files: ['[', 'wallet.dat/**', 'wallet', '*/*', '\\*.dat', 'w한*']"), "tracked_files", checker.Pass, "")
	expect(t, r.check("paper", "not_secret: ['test.*']"), "tracked_files", checker.Pass, "")

	// A file is found before it is committed, and although it is deleted.
	r.write("staged.pem", "x")
	r.git("add", "staged.pem")
	expect(t, r.check("paper", "not_secret: ['test.*']"), "tracked_files", checker.Fail, "tracked_secret")
	r.git("rm", "--quiet", "--cached", "staged.pem", "test.key")
	expect(t, r.check("paper", ""), "tracked_files", checker.Fail, "tracked_secret")
}

// randomWord returns letters and digits, as the exchanges give them.
func randomWord(t *testing.T, length int) string {
	t.Helper()
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	word := "a1B2c3D4e5F6"
	for len(word) < length {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			t.Fatal(err)
		}
		word += string(alphabet[n.Int64()])
	}
	return word
}

func TestSecretContents(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	encrypted := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: der}))
	account, err := json.Marshal(map[string]string{"private_key": block})
	if err != nil {
		t.Fatal(err)
	}
	upbit, binance := randomWord(t, 40), randomWord(t, 64)
	for name, c := range map[string]struct{ text, kind string }{
		"key.txt":       {"# deploy\n" + block, "a private key"},
		"old.txt":       {encrypted, "a private key"},
		"account.json":  {string(account), "a private key"},
		"settings.py":   {"KEY = '''" + block + "'''\n", "a private key"},
		"upbit.py":      {"ACCESS_KEY = '" + upbit + "'\n", "the key of an exchange"},
		"binance.yml":   {"binance:\n  secret: " + binance + "\n", "the key of an exchange"},
		".env.example":  {"BINANCE_API_KEY=" + binance + "\n", "the key of an exchange"},
		"end.txt":       {"token " + binance, "the key of an exchange"},
		"doc.md":        {"It begins with `-----BEGIN PRIVATE KEY-----`.\n", ""},
		"short.md":      {"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN...\n", ""},
		"public.pub":    {"-----BEGIN PUBLIC KEY-----\n" + strings.Repeat("A", 64) + "\n", ""},
		"sums.txt":      {fmt.Sprintf("key %x\n", sha256.Sum256(nil)), ""},
		"commit.txt":    {"key da39a3ee5e6b4b0d3255bfef95601890afd80709\n", ""},
		"names.go":      {"var key = theNameOfAFunctionWithExactlyFortyLett3\n", ""},
		"example.py":    {"API_SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j'\n", ""}, // of Binance's documentation
		"plain.txt":     {binance + "\n", ""},
		"long.txt":      {"key " + binance + "x\n", ""},
		"image.png":     {"\x89PNG\x00 key=" + binance + "\n", ""},
		"template.yaml": {"secret: ${BINANCE_API_SECRET}\nkey: " + strings.Repeat("x", 64) + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			r.write(name, c.text)
			r.commit()
			if c.kind == "" {
				r.passes("")
				return
			}
			r.either("", "tracked_files", "secret_content", name+" has "+c.kind)
			r.passes("not_secret: ['" + name + "']")
			o := observe(t, r.check("live", ""), "tracked_files")
			for _, secret := range []string{upbit, binance, block[40:80]} {
				if strings.Contains(o.Detail, secret) {
					t.Errorf("the detail shows the secret: %q", o.Detail)
				}
			}
		})
	}
}

// A file with a secret's name is reported once.
func TestSecretOfBothKinds(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.write(".env", "BINANCE_API_KEY="+randomWord(t, 64)+"\n")
	r.write("x.py", "API_KEY = '"+randomWord(t, 64)+"'\n")
	r.commit()
	o := expect(t, r.check("paper", ""), "tracked_files", checker.Fail, "tracked_secret")
	if o.Detail != ".env tracked; x.py has the key of an exchange" {
		t.Errorf("%+v", o)
	}
}
