package emit

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/internal/constant"
	"github.com/alertnative/preflight/metrics"
)

// Facts are the numbers of a condition: those of its first comparison with a
// constant.
type Facts struct {
	Compared  string // the compared side, as PromQL
	Threshold float64
	Fires     dashgen.Side
	Has       bool // the condition has such a comparison
	Window    time.Duration
}

// FactsOf parses a condition. It returns no facts if the condition does not
// parse.
func FactsOf(expr string) Facts {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		return Facts{}
	}
	var f Facts
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			if f.Window == 0 {
				f.Window = n.Range
			}
		case *parser.BinaryExpr:
			if v, ok := constant.Of(n.RHS); ok && n.Op.IsComparisonOperator() && !f.Has {
				f.Compared, f.Threshold, f.Has = n.LHS.String(), v, true
				f.Fires = sideOf(n.Op)
			}
		}
		return nil
	})
	return f
}

// sideOf returns the side of the threshold on which a comparison is true.
func sideOf(op parser.ItemType) dashgen.Side {
	switch op {
	case parser.GTR, parser.GTE:
		return dashgen.Above
	case parser.EQLC:
		return dashgen.Equal
	case parser.NEQ:
		return dashgen.Unequal
	}
	return dashgen.Below
}

// Missed returns the selector whose absence makes a condition true. A panel
// shows that selector's series instead of the condition.
func Missed(expr string) (selector string, ok bool) {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		return "", false
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		call, isCall := n.(*parser.Call)
		if !isCall || ok || call.Func.Name != "absent" && call.Func.Name != "absent_over_time" {
			return nil
		}
		arg := call.Args[0]
		if matrix, isMatrix := arg.(*parser.MatrixSelector); isMatrix {
			arg = matrix.VectorSelector
		}
		selector, ok = arg.String(), true
		return nil
	})
	return selector, ok
}

// InUnit formats a value in readable form: 0.5 seconds are "500 ms", a ratio of
// 0.25 is "25 %".
func InUnit(v float64, unit metrics.Unit) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	switch unit {
	case metrics.Ratio:
		return number(100*v) + " %"
	case metrics.Bytes:
		for i, suffix := range []string{"B", "KiB", "MiB", "GiB", "TiB"} {
			if scaled := v / math.Pow(1024, float64(i)); math.Abs(scaled) < 1024 || suffix == "TiB" {
				return number(scaled) + " " + suffix
			}
		}
	case metrics.Seconds:
		switch ms := v * 1000; {
		case v == math.Trunc(v) && math.Abs(v) < 1e9:
			return model.Duration(time.Duration(v) * time.Second).String()
		case ms == math.Trunc(ms) && math.Abs(v) < 1:
			return number(ms) + " ms"
		}
		return fmt.Sprintf("%s s", number(v))
	}
	return number(v)
}
