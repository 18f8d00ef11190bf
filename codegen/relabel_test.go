package codegen_test

import (
	"testing"

	"github.com/alertnative/preflight"
)

// Relabelling that drops what the proofs expect gives a finding, and so does a
// secret in the YAML of a job.
func TestYAMLOfJobs(t *testing.T) {
	t.Parallel()
	of := func(yaml string) preflight.Site {
		s := mq(broker(queueLong()))
		s.Jobs[0].YAML = yaml
		return s
	}
	const secret = "hunter2"
	for yaml, want := range map[string]string{
		"basic_auth: {username: a, password: hunter2}":                                               "the key password contains a secret",
		"authorization: {credentials: hunter2}":                                                      "the key credentials contains a secret",
		"oauth2: {client_id: a, client_secret: hunter2}":                                             "the key client_secret contains a secret",
		"tls_config: {key: hunter2, cert: b}":                                                        "the key key contains a secret",
		"consul_sd_configs: [{server: a, token: hunter2}]":                                           "the key token contains a secret",
		"http_headers: {X-Key: {secrets: [hunter2]}}":                                                "the key secrets contains a secret",
		"params: {token: [hunter2]}":                                                                 "the key token contains a secret",
		"ec2_sd_configs: [{region: a, secret_key: &x hunter2}]":                                      "the key secret_key contains a secret",
		"relabel_configs: [{regex: 'team', action: labeldrop}]":                                      `relabel_configs gives the target d1:9400 team="" instead of "mq"`,
		"relabel_configs: [{target_label: env, replacement: x}]":                                     `relabel_configs gives the target d1:9400 env="x" instead of "dev"`,
		"relabel_configs: [{source_labels: [env], regex: dev, action: keep}]":                        `relabel_configs drops the target q1:9400, q2:9400:`,
		"relabel_configs: [{source_labels: [__address__], action: drop}]":                            `relabel_configs drops the target d1:9400, q1:9400, q2:9400:`,
		"metric_relabel_configs: [{source_labels: [__name__], regex: 'queue_d.*', action: drop}]":    `metric_relabel_configs drops queue_depth, which alert "QueueLong" reads`,
		"metric_relabel_configs: [{source_labels: [job, __name__], regex: 'go;.*', action: keep}]":   `metric_relabel_configs drops queue_up, which alert "BrokerDown" reads`,
		"metric_relabel_configs: [{regex: 'queue|other', action: labeldrop}]":                        `metric_relabel_configs drops the label queue of queue_depth`,
		"metric_relabel_configs: [{regex: '__name__|job|env|queue|instance', action: labelkeep}]":    `metric_relabel_configs drops the label team of queue_depth`,
		"metric_relabel_configs: [{regex: 'instance', action: labeldrop}]":                           `metric_relabel_configs drops the label instance of queue_depth`,
		"relabel_configs: [{target_label: job, replacement: x, action: replace, source_labels: []}]": `its relabelling sets the label job`,
	} {
		t.Run(yaml, func(t *testing.T) {
			t.Parallel()
			text := findings(t, of(yaml))
			contains(t, text, `job "queue", YAML: DF018: `+want)
			lacks(t, text, secret)
		})
	}
	for _, yaml := range []string{
		"tls_config: {key_file: a, cert_file: b}",
		"basic_auth: {username: a, password_file: b}",
		"authorization: {type: Bearer, credentials_file: b}",
		"params: {module: [http_2xx]}",
		"relabel_configs: [{source_labels: [__address__], target_label: rack, regex: '(.*):.*', replacement: '$1'}]",
		"relabel_configs: [{source_labels: [env], regex: 'dev|prod', action: keep}]",
		"metric_relabel_configs: [{source_labels: [__name__], regex: 'go_.*', action: drop}, {source_labels: [queue], regex: 'tmp.*', action: drop}]",
		"metric_relabel_configs: [{source_labels: [queue], regex: 'q.*', action: keep}]",
	} {
		t.Run(yaml, func(t *testing.T) {
			t.Parallel()
			if text := findings(t, of(yaml)); text != "" {
				t.Error(text)
			}
		})
	}
}
