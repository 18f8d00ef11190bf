package chaos

import (
	"math/rand/v2"
	"strings"

	"github.com/alertnative/preflight/webhook/config"
)

// both is the [Config.Transport] of runs in which each alert goes to a chat of
// Telegram and to one of Slack.
const both = "both"

// services returns the fakes of the services.
func (r *run) services() (list []*chatServer) {
	for _, s := range []*chatServer{r.chats, r.beside} {
		if s != nil {
			list = append(list, s)
		}
	}
	return list
}

// anyService chooses one of the services.
func (r *run) anyService(rng *rand.Rand) *chatServer {
	list := r.services()
	if len(list) == 1 {
		return list[0]
	}
	return list[rng.IntN(len(list))]
}

// service returns the name of the service.
func (s *chatServer) service() string {
	if strings.HasPrefix(s.chat, config.Slack+":") {
		return "Slack"
	}
	return "Telegram"
}
