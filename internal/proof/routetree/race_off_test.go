//go:build !race

package routetree_test

const race = false
