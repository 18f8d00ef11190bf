// Package state decides which changes a notification causes. It is pure: it
// reads no database, no network and no clock.
//
// An [Instance] is one episode of an alert. [Decide] compares an alert of a
// notification with the newest known instance of that alert and returns a
// [Change], which package spool writes to its rows. [ProofOf] returns the
// evidence of a resolution. A resolution that needs more evidence is [Held], and
// [Sources.Review] decides on it.
package state
