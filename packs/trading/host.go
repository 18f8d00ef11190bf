package trading

import "github.com/alertnative/preflight/dashgen"

// onHost keeps the series of hosts with recent preflight runs of the selected
// environments. Targets of node_exporter have no label env, but the results
// that it serves have the same label instance.
const onHost = ` and on (instance) group by (instance) (
  last_over_time(arbitrage_preflight_last_run_timestamp_seconds{env=~"$env"}[3runs])
)`

var nearlyFull = []dashgen.Threshold{{At: 0.8, Color: dashgen.Orange}, {At: 0.9, Color: dashgen.Red}}

var hostNetwork = dashgen.Panel{
	ID: 2, Title: "Traffic: Host Network",
	Description: "What the host receives and sends, without the loopback. A fall to nothing while the exporter is up points to a lost connection to the exchanges.",
	Targets: []dashgen.Target{
		{
			Expr:   `sum by (instance) (rate(node_network_receive_bytes_total{job="node_exporter", device!="lo"}[$__rate_interval]))` + onHost,
			Legend: "{{instance}} received",
		},
		{
			Expr:   `sum by (instance) (rate(node_network_transmit_bytes_total{job="node_exporter", device!="lo"}[$__rate_interval]))` + onHost,
			Legend: "{{instance}} sent",
		},
	},
	Unit: dashgen.BytesPerSecond, Decimals: new(1), Min: new(0.0), Show: dashgen.TimeSeries{},
}

var hostCPU = dashgen.Panel{
	ID: 5, Title: "Saturation: Host CPU", Width: 12,
	Description: "Share of the time the processors are busy, and runnable or blocked tasks for each of them: above 100 % tasks wait. Find the process that uses them. Until then latencies and the preflight's timeouts reflect the load of the host.",
	Targets: []dashgen.Target{
		{
			Expr:   `1 - avg by (instance) (rate(node_cpu_seconds_total{job="node_exporter", mode="idle"}[$__rate_interval]))` + onHost,
			Legend: "{{instance}} busy",
		},
		{
			Expr: `max by (instance) (node_load1{job="node_exporter"})
/ count by (instance) (node_cpu_seconds_total{job="node_exporter", mode="idle"})` + onHost,
			Legend: "{{instance}} load per processor",
		},
	},
	Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0),
	Thresholds: nearlyFull, Show: dashgen.TimeSeries{Lines: true},
}

var hostMemory = dashgen.Panel{
	ID: 6, Title: "Saturation: Host Memory", Width: 12,
	Description: "Share of the memory that is not available to a new process. Near 100 % the kernel kills a process: stop processes that are not needed before that.",
	Targets: []dashgen.Target{{
		Expr: `1 - max by (instance) (node_memory_MemAvailable_bytes{job="node_exporter"})
/ max by (instance) (node_memory_MemTotal_bytes{job="node_exporter"})` + onHost,
		Legend: "{{instance}}",
	}},
	Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0), Max: new(1.0),
	Thresholds: nearlyFull, Show: dashgen.TimeSeries{Lines: true},
}

var hostDisk = dashgen.Panel{
	ID: 7, Title: "Saturation: Host Disk", Width: 12,
	Description: "Share of each file system that is in use. A full one stops databases and the preflight's own results: delete old logs and backups, or make it larger.",
	Targets: []dashgen.Target{{
		Expr: `1 - min by (instance, mountpoint) (
  node_filesystem_avail_bytes{job="node_exporter", fstype!~"tmpfs|ramfs"}
  / node_filesystem_size_bytes{job="node_exporter", fstype!~"tmpfs|ramfs"}
)` + onHost,
		Legend: "{{instance}} {{mountpoint}}",
	}},
	Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0), Max: new(1.0),
	Thresholds: nearlyFull, Show: dashgen.TimeSeries{Lines: true},
}
