// The operators of blocked activations, as the dispatcher knows them: multirnet::…
#pragma once

namespace blocked {

// Makes them known, once in a process. They are never taken back: recordings and graphs may outlive whoever asked.
void register_operators();

}  // namespace blocked
