package preflight

// Output is a format of the generated files: [Files], [Kubernetes], [Mimir],
// [VMAlert], [GrafanaAlerting].
type Output interface{ output() }

// Files is the format of the programs' own configuration folders.
type Files struct {
	Secrets string // folder of named secrets; "": /run/secrets
}

// Kubernetes is the format of custom resources for the Prometheus operator, as
// a chart or as overlays.
type Kubernetes struct {
	Namespace       string
	Helm, Kustomize bool
}

// Mimir is the format for the rulers and the Alertmanager of Mimir. Thanos and
// Cortex accept it too.
type Mimir struct{ Tenant string }

// VMAlert is the format for VictoriaMetrics.
type VMAlert struct{}

// GrafanaAlerting is the format of Grafana's rules, which notify our
// Alertmanager.
type GrafanaAlerting struct{ Folder string }

func (VMAlert) output()         {}
func (GrafanaAlerting) output() {}
func (Files) output()           {}
func (Kubernetes) output()      {}
func (Mimir) output()           {}
