//go:build tools

// Package tools names what this module is there for: crictl and critest, at the version of go.mod.
package tools

import (
	_ "sigs.k8s.io/cri-tools/cmd/crictl"
	_ "sigs.k8s.io/cri-tools/pkg/validate"
)
