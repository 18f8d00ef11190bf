package definitions

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
)

// doubled reports targets, addresses and integrations that are listed twice.
func (c *Checked) doubled() []finding.Finding {
	var out []finding.Finding
	for _, j := range c.Jobs {
		where := fmt.Sprintf("job %q", j.Name)
		for _, target := range repeated(targets(j)) {
			out = append(out, finding.Finding{Code: finding.BadJob, Where: where, Reason: fmt.Sprintf("the target %q is there twice: leave one out", target)})
		}
	}
	for _, address := range repeated(c.Site.Alertmanager.Addresses) {
		out = append(out, finding.Finding{Code: finding.BadSite, Where: "site", Part: "Alertmanager.Addresses", Reason: fmt.Sprintf("%q is there twice: leave one out", address)})
	}
	for _, r := range c.Routing.Receivers {
		v := reflect.ValueOf(r)
		for i := range v.NumField() {
			if v.Field(i).Kind() != reflect.Slice || v.Type().Field(i).Name == "Chats" || !repeatedIn(v.Field(i)) { // webhook.yml has its own finding
				continue
			}
			out = append(out, finding.Finding{
				Code: finding.NoMeans, Where: fmt.Sprintf("receiver %q", r.Name), Reason: fmt.Sprintf("%s has the same entry twice: each notification would be sent twice; leave one out", v.Type().Field(i).Name),
			})
		}
	}
	return append(out, c.equalReceivers()...)
}

// equalReceivers reports receivers that differ only in their names, once for all
// that are equal.
func (c *Checked) equalReceivers() []finding.Finding {
	var out []finding.Finding
	for i, r := range c.Routing.Receivers {
		same := func(o routing.Receiver) bool {
			named := o.Name != r.Name
			o.Name = r.Name
			return named && reflect.DeepEqual(r, o)
		}
		var earlier []string
		for _, o := range c.Routing.Receivers[:i] {
			if same(o) {
				earlier = append(earlier, strconv.Quote(o.Name))
			}
		}
		if len(earlier) == 0 || slices.ContainsFunc(c.Routing.Receivers[i+1:], same) {
			continue // the last one of equal receivers is reported
		}
		reason := fmt.Sprintf("it is the same as %s: correct its chats or integrations, or send to one of them", strings.Join(earlier, ", "))
		if slices.ContainsFunc(r.Slack, func(x routing.Slack) bool { return x.Channel == "" }) {
			reason = fmt.Sprintf("without a Channel, it posts to the same channel of Slack as %s: give each its Channel, or send to one of them", strings.Join(earlier, ", "))
		}
		out = append(out, finding.Finding{Code: finding.BadSite, Where: fmt.Sprintf("receiver %q", r.Name), Reason: reason})
	}
	return out
}

// repeated returns the elements that a list has more than once, sorted.
func repeated(list []string) []string {
	count := map[string]int{}
	for _, x := range list {
		count[x]++
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < 2 })
	return slices.Sorted(maps.Keys(count))
}

// repeatedIn reports whether a slice has two equal elements.
func repeatedIn(list reflect.Value) bool {
	for i := range list.Len() {
		for j := range i {
			if reflect.DeepEqual(list.Index(i).Interface(), list.Index(j).Interface()) {
				return true
			}
		}
	}
	return false
}
