package proc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Port is a TCP port of the loopback interface that is reserved for one
// program, even while the program is stopped. It can restart on the same port.
//
// The reservation is an open UDP port with the same number: the kernel keeps it
// unique on the machine and releases it when the holder exits. Only users of
// ReservePort respect it, so the numbers come from a range that systems do not
// use for outgoing connections.
type Port struct {
	number int
	guard  net.PacketConn
}

// The range of ports.
const firstPort, lastPort = 20000, 29999

// ReservePort reserves a free port.
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

// Addr returns the port's address, such as "127.0.0.1:20123".
func (p *Port) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number)) }

// Release releases the reservation. A second call does nothing.
func (p *Port) Release() { _ = p.guard.Close() }
