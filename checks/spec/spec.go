// Package spec describes the shipped checks with their reasons. It also reads
// the checks that a preflight.yml declares. It links no client of a server, so
// definitions of alerts can import it.
package spec

import (
	"os"
	"slices"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/declared"
	"github.com/alertnative/preflight/internal/yamlfile"
)

// Exchanges is the key of the exchanges in preflight.yml. Several checks use
// this section.
const Exchanges = "exchanges"

// LiveWaivers is the key of preflight.yml with the risks of addresses that the
// live environments accept.
const LiveWaivers = "live_waivers"

// Shipped returns the specs of the eight shipped checks, in the order in which
// they run.
func Shipped() []spec.Spec {
	return []spec.Spec{
		Environment(), Secrets(), LiveSafety(), Database(), ExchangeHealth(), OpenPositions(), GitSafety(), Migrations(),
	}
}

// Declared returns the specs of the checks in the section "checks" of a
// preflight.yml. further are the specs of other checks in Go that have sections
// in the file.
func Declared(file string, further ...spec.Spec) ([]spec.Spec, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := yamlfile.Parse(file, data)
	if err != nil {
		return nil, err
	}
	inGo := slices.Concat(Shipped(), further)
	var list []declared.Check
	errs := append(f.Unknown(append(spec.Sections(inGo...), declared.Section)), f.Decode(declared.Section, &list)...)
	if err := yamlfile.Join(errs); err != nil {
		return nil, err
	}
	if err := f.Single(); err != nil {
		return nil, err
	}
	var names []string
	for _, s := range inGo {
		names = append(names, s.Name)
	}
	for _, p := range declared.Problems(list, names...) {
		errs = append(errs, f.At(append([]any{declared.Section}, p.Path...), p.Text))
	}
	if err := yamlfile.Join(errs); err != nil {
		return nil, err
	}
	specs := make([]spec.Spec, len(list))
	for i, c := range list {
		specs[i] = c.Spec()
	}
	return specs, nil
}

// Environments returns the environments that a preflight.yml lists, live ones
// included. It is empty if the file lists none.
func Environments(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := yamlfile.Parse(file, data)
	if err != nil {
		return nil, err
	}
	var envs, live []string
	errs := append(f.Decode(spec.Envs, &envs), f.Decode(spec.LiveEnvs, &live)...)
	if err := yamlfile.Join(errs); err != nil || envs == nil {
		return nil, err
	}
	if live == nil {
		live = []string{spec.DefaultLive}
	}
	return slices.Concat(envs, live), nil
}
