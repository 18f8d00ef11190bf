package webhook

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// notification is a posted one in the form in which it is stored: in parts, if it
// has many alerts.
type notification struct {
	// Payload is that of the first part. Of several parts it has the alerts that
	// can decide the sound.
	state.Payload
	from   spool.Sender
	alerts int // of all parts
	bodies [][]byte
	keys   []uint64 // of all parts, if there are several
}

const (
	// maxStored is the maximum size of a notification in the form in which it is
	// stored: many times that of a body which Alertmanager sends.
	maxStored = 128 << 20
	// maxWhole is the maximum number of elements of a body that is parsed as a
	// whole, which takes up to 2 KB for each.
	maxWhole = 300_000
)

var errTooMany = errors.New("too many alerts")

// parse parses a body, after which change may change each part. The error means
// that the body has no alerts at all, or so many that no Alertmanager sent it.
func (s *Service) parse(body []byte, from spool.Sender, change func(*state.Payload)) (n notification, err error) {
	n.from = from
	bodies, whole, err := divide(body)
	if err == nil && len(bodies) > maxParts {
		err = errTooMany
	}
	if err != nil {
		return n, err
	}
	stored := 0
	var deciding []template.Alert
	var seen map[[3]string]bool
	label := s.scale().Label
	for i, part := range bodies {
		p, number := whole, [2]int{}
		if len(bodies) > 1 {
			number = [2]int{i + 1, len(bodies)}
			if p, err = state.ParsePayload(part); err != nil {
				return n, err
			}
		}
		if p.Part != number[0] || p.Parts != number[1] { // the sender's own
			p.Part, p.Parts, p.Repaired = number[0], number[1], true
		}
		p.Bound(label)
		if change != nil {
			change(&p)
		}
		if p.Repaired {
			if part, err = json.Marshal(p); err != nil {
				return n, err
			}
		}
		if stored += len(part); stored > maxStored {
			return n, errTooMany
		}
		n.alerts += len(p.Alerts)
		n.bodies = append(n.bodies, part)
		bodies[i] = nil
		if i == 0 {
			n.Payload = p
		}
		if p.Parts == 0 {
			return n, nil
		}
		if seen == nil {
			seen = map[[3]string]bool{}
		}
		n.keys = append(n.keys, s.parts.keys(from.Cluster, p)...)
		for _, a := range p.Alerts {
			if kind := [3]string{a.Status, a.Labels[label], a.Labels[severityLabel]}; !seen[kind] {
				seen[kind] = true
				deciding = append(deciding, a)
			}
		}
	}
	n.Alerts = deciding
	return n, nil
}

// divide returns the parts in which a body is stored, or the body and its payload
// if it has few alerts.
func divide(body []byte) (bodies [][]byte, whole state.Payload, err error) {
	if len(body) > smallBody {
		if bodies = state.Split(body, wholeAlerts, partAlerts); bodies != nil {
			return bodies, whole, nil
		}
	}
	if state.Elements(body) > maxWhole {
		return nil, whole, errTooMany
	}
	bodies = [][]byte{body}
	if whole, err = state.ParsePayload(body); err != nil || len(whole.Alerts) <= wholeAlerts {
		return bodies, whole, err
	}
	// Split divides no irregular body, for example one with a byte order mark.
	written, err := json.Marshal(whole)
	if err != nil {
		return nil, whole, err
	}
	if parts := state.Split(written, wholeAlerts, partAlerts); parts != nil {
		return parts, whole, nil
	}
	return bodies, whole, nil
}

// encode returns a payload as a notification to be stored.
func (s *Service) encode(p state.Payload, from spool.Sender, change func(*state.Payload)) (notification, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return notification{}, err
	}
	return s.parse(body, from, change)
}

// severityLabel is a label that ranks alerts without a level.
const severityLabel = "severity"

// commit commits a notification to the spool and returns its id, which is that of
// its first part.
func (s *Service) commit(n notification, sound api.Sound) (id int64, err error) {
	if len(n.bodies) > 1 {
		if err := s.parts.room(len(n.bodies)); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	var last int64
	err = s.spool.Do(func(tx *spool.Tx) (err error) {
		if len(n.bodies) == 1 && !n.Repaired {
			id, err = tx.AddParsed(begin, state.LoudnessOf(sound), n.from, n.bodies[0], n.Payload)
			return err
		}
		for i, body := range n.bodies {
			if last, err = tx.AddArrival(begin, state.LoudnessOf(sound), n.from, body); err != nil {
				return err
			}
			if i == 0 {
				id = last
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if len(n.bodies) > 1 {
		s.parts.add(id, last, n.keys)
	}
	s.metrics.accept.WithLabelValues().Observe(time.Since(begin).Seconds())
	s.wakeApply()
	return id, nil
}

// Accept commits a notification of a cluster of Alertmanagers to the spool and
// returns its id. Every log line about the notification has this id.
// [state.ParsePayload] must accept the body. A notification with many alerts is
// stored in parts, with successive ids.
func (s *Service) Accept(body []byte, sound api.Sound, cluster string) (id int64, err error) {
	n, err := s.parse(body, spool.Sender{Cluster: cluster}, nil)
	if err != nil {
		return 0, err
	}
	return s.commit(n, sound)
}
