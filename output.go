package preflight

// Output is a form of the generated files: [Files], [Kubernetes], [Mimir], [VMAlert], [GrafanaAlerting].
type Output interface{ output() }

// Files is the output for the programs' own configuration folders.
type Files struct {
	Secrets string // the folder of named secrets; "": /run/secrets
}

// Kubernetes is the output as custom resources of the Prometheus operator, and as a chart or overlays of them.
type Kubernetes struct {
	Namespace       string
	Helm, Kustomize bool
}

// Mimir is the output for the rulers and the Alertmanager of Mimir; Thanos and Cortex take it too.
type Mimir struct{ Tenant string }

// VMAlert is the output for VictoriaMetrics.
type VMAlert struct{}

// GrafanaAlerting is the output as rules of Grafana, which notify our Alertmanager.
type GrafanaAlerting struct{ Folder string }

func (VMAlert) output()         {}
func (GrafanaAlerting) output() {}
func (Files) output()           {}
func (Kubernetes) output()      {}
func (Mimir) output()           {}
