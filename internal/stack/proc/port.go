package proc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Port is a TCP port of the loopback interface that is reserved for one
// program, also while that program is not running, so it can be stopped
// and started again on the same port.
//
// The reservation is the UDP port of the same number, held open: the kernel
// keeps it unique on the machine and gives it back when its holder dies. Only
// those who reserve ports this way respect it, so the numbers come from a
// range that systems do not hand out for outgoing connections.
type Port struct {
	number int
	guard  net.PacketConn
}

// The range that ports are chosen from.
const firstPort, lastPort = 20000, 29999

// ReservePort reserves a port that is free now.
func ReservePort() (*Port, error) {
	var last error
	for range 100 {
		p, err := reserve(firstPort + rand.IntN(lastPort-firstPort+1))
		if err == nil {
			return p, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no free port between %d and %d on the loopback interface: %w", firstPort, lastPort, last)
}

func reserve(number int) (*Port, error) {
	p := &Port{number: number}
	var err error
	if p.guard, err = net.ListenPacket("udp", p.Addr()); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", p.Addr())
	if err != nil {
		return nil, errors.Join(err, p.guard.Close())
	}
	return p, l.Close()
}

// Number returns the port's number.
func (p *Port) Number() int { return p.number }

// Addr returns the port's address, "127.0.0.1:20123" say.
func (p *Port) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number)) }

// Release gives the reservation up. It does nothing the second time.
func (p *Port) Release() { _ = p.guard.Close() }
