// Package state decides which changes a notification causes. It is pure: it
// reads no database, no network and no clock.
//
// An [Instance] is one period in which an alert fires in a group. [Decide]
// compares an alert of a notification with the newest known instance of that
// alert and returns a [Change], which package spool writes to its rows.
// [Evaluations] decides whether an evaluation of Prometheus confirms a
// resolution; without one the resolution is [Held].
package state
